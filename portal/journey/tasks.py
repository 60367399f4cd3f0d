"""The home page's task list, derived from facts: no status is stored that could disagree with them."""

from dataclasses import dataclass
from enum import StrEnum

from portal.consent.domain import ConsentState, Standing


class Status(StrEnum):
    """How a task stands."""

    DONE = "done"
    TO_DO = "to_do"
    LATER = "later"
    CHANGED = "changed"


@dataclass(frozen=True)
class Facts:
    """What the tasks are derived from."""

    sheet_read: bool
    consent: ConsentState
    questions_left: int
    """Questions about her that she has not answered and still can."""
    has_email: bool
    booked: bool
    interviewed: bool
    """She has had as many interviews as the study plans."""


@dataclass(frozen=True)
class Tasks:
    """The state of each task on the home page."""

    read: Status
    consent: Status
    about_you: Status
    email: Status
    interview: Status


def tasks(facts: Facts) -> Tasks:
    """Derive the list."""
    consented = facts.consent.stands
    if consented:
        consent = Status.DONE
    elif facts.consent.standing is Standing.OUTDATED:
        consent = Status.CHANGED
    else:
        consent = Status.TO_DO if facts.sheet_read else Status.LATER
    about = Status.LATER
    if consented:
        about = Status.TO_DO if facts.questions_left else Status.DONE
    interview = Status.LATER
    if facts.booked or facts.interviewed:
        interview = Status.DONE
    elif consented:
        interview = Status.TO_DO
    return Tasks(
        read=Status.DONE if facts.sheet_read else Status.TO_DO,
        consent=consent,
        about_you=about,
        email=Status.DONE if facts.has_email else Status.TO_DO,
        interview=interview,
    )
