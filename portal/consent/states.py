"""Where consent stands, read from the facts: at most three queries, however many participants are asked for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, defer

from portal.consent.domain import ConsentState, Given, Standing, Withdrawn, effects_of
from portal.consent.store import AnswerRow, ConsentRow, CountersignatureRow, WithdrawalRow
from portal.people.domain import Participant
from portal.study.domain import Study, WithdrawalLevel
from portal.study.service import StudyBook

# Put together once, since they are asked for nearly every page.
_CONSENTS = (
    select(ConsentRow, CountersignatureRow.reference)
    .options(defer(ConsentRow.name), defer(ConsentRow.drawn))  # to open what is sealed takes time
    .outerjoin(CountersignatureRow, CountersignatureRow.consent_id == ConsentRow.id)
    .where(ConsentRow.participant_id.in_(bindparam("people", expanding=True)))
    .order_by(ConsentRow.id)
)
_ANSWERS = select(AnswerRow.consent_id, AnswerRow.statement_key, AnswerRow.agreed).where(
    AnswerRow.consent_id.in_(bindparam("consents", expanding=True))
)
_WITHDRAWALS = (
    select(WithdrawalRow)
    .where(WithdrawalRow.participant_id.in_(bindparam("people", expanding=True)))
    .order_by(WithdrawalRow.id)
)


def states(session: Session, studies: StudyBook, people: Iterable[Participant]) -> dict[int, ConsentState]:
    """Each participant's state by number."""
    wanted = {one.id: one for one in people}
    given = _newest_consents(session, wanted)
    stopped: dict[int, list[WithdrawalRow]] = defaultdict(list)
    for row in session.scalars(_WITHDRAWALS, {"people": list(wanted)}):
        stopped[row.participant_id].append(row)
    present = studies.current().study
    found = {}
    for key, person in wanted.items():
        newest, told = given.get(key), [(row.consent_id, withdrawn(studies, row)) for row in stopped[key]]
        since = [one.chosen for consent_id, one in told if newest and consent_id == newest.id]
        found[key] = state_of(studies, present, person, newest, [one for _, one in told], since)
    return found


def level_of(studies: StudyBook, row: WithdrawalRow) -> WithdrawalLevel:
    """The level as it was defined when she withdrew."""
    levels = studies.at(row.publication_hash).study.withdrawal.levels
    return next(level for level in levels if level.key == row.level)


def withdrawn(studies: StudyBook, row: WithdrawalRow) -> Withdrawn:
    """The withdrawal as plain data."""
    return Withdrawn(row.reference, row.at, level_of(studies, row))


def _newest_consents(session: Session, wanted: Iterable[int]) -> dict[int, Given]:
    rows = session.execute(_CONSENTS, {"people": list(wanted)})
    newest = {row.participant_id: (row, countersigned) for row, countersigned in rows}
    if not newest:
        return {}
    answers: dict[int, dict[str, bool]] = defaultdict(dict)
    ids = [row.id for row, _ in newest.values()]
    for consent_id, key, agreed in session.execute(_ANSWERS, {"consents": ids}):
        answers[consent_id][key] = agreed
    return {key: given_of(row, answers[row.id], countersigned) for key, (row, countersigned) in newest.items()}


def state_of(
    studies: StudyBook, present: Study, person: Participant, given: Given | None, told: Sequence[Withdrawn],
    since: Sequence[WithdrawalLevel],
) -> ConsentState:  # fmt: skip
    """Where her consent stands.

    Args:
        present: the study as it is published now.
        given: her newest consent.
        told: every withdrawal of hers.
        since: the levels of those that withdrew from the newest consent.
    """
    told = tuple(told)
    if given is None:
        return ConsentState(Standing.NONE, None, told, frozenset())
    if any(level.ends_participation for level in since):
        return ConsentState(Standing.WITHDRAWN, given, told, frozenset())
    if given.form_hash != present.documents[person.group].consent.content_hash:
        return ConsentState(Standing.OUTDATED, given, told, frozenset())
    form = studies.at(given.publication_hash).study.documents[person.group].consent
    return ConsentState(Standing.GIVEN, given, told, effects_of(form, given.answers, since))


def given_of(row: ConsentRow, answers: Mapping[str, bool], countersigned: str | None) -> Given:
    """The consent as plain data, without what is sealed."""
    return Given(
        row.id, row.reference, row.participant_id, row.publication_hash, row.form_hash, row.at, answers, countersigned
    )
