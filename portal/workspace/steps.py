"""What a participant's next step is, from the facts."""

from enum import StrEnum

from portal.consent.domain import ConsentState, Standing
from portal.people.domain import Participant


class Step(StrEnum):
    """The next step."""

    OPEN = "open"
    CONSENT = "consent"
    RECONSENT = "reconsent"
    COUNTERSIGN = "countersign"
    ANSWER = "answer"
    READY = "ready"
    WITHDRAWN = "withdrawn"


def next_step(person: Participant, state: ConsentState, answered: int, questions: int) -> Step:
    """Derive it. A countersignature comes before the questions: somebody of the team has to act."""
    if state.standing is Standing.WITHDRAWN:
        return Step.WITHDRAWN
    if state.standing is Standing.OUTDATED:
        return Step.RECONSENT
    if state.given is None:
        return Step.CONSENT if person.first_opened_at else Step.OPEN
    if state.given.countersigned_reference is None:
        return Step.COUNTERSIGN
    return Step.READY if answered >= questions else Step.ANSWER
