"""Where a participant is, what needs doing, and how the study's participants flow."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from portal.people.domain import Participant
from portal.recordings.domain import Recording


class Step(StrEnum):
    """The next step, in the order of the study."""

    OPEN = "open"
    CONSENT = "consent"
    RECONSENT = "reconsent"
    COUNTERSIGN = "countersign"
    ANSWER = "answer"
    READY = "ready"
    NOT_ATTENDED = "not_attended"
    INTERVIEWED = "interviewed"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    EXCLUDED = "excluded"


CONSENTED = frozenset({Step.RECONSENT, Step.COUNTERSIGN, Step.ANSWER, Step.READY, Step.NOT_ATTENDED, Step.INTERVIEWED})
"""Steps of somebody who is in the study."""


@dataclass(frozen=True)
class Standing:
    """Where a participant is."""

    person: Participant
    step: Step
    read: bool
    """Whether she opened the information sheet."""
    detail: str
    """The reason for not taking part, or the level of withdrawal; else ""."""
    interviewed: bool

    @property
    def place(self) -> "Place":
        """What she is counted under."""
        opened = self.person.first_opened_at is not None
        return Place(self.person.site, self.person.group, self.step, opened, self.read, self.detail, self.interviewed)


class Place(NamedTuple):
    """What people are counted by."""

    site: str
    group: str
    step: Step
    opened: bool
    read: bool
    detail: str
    interviewed: bool


@dataclass(frozen=True)
class Wanted:
    """What the list of participants is narrowed to; empty means everything."""

    study_id: str = ""
    group: str = ""
    site: str = ""
    step: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return bool(self.study_id or self.group or self.site or self.step)


@dataclass(frozen=True)
class PageOfPeople:
    """A page of the list."""

    rows: tuple[Standing, ...]
    number: int
    pages: int
    total: int


@dataclass(frozen=True)
class ToDo:
    """Something that waits for a person. `what` is translated where it is shown, by its key."""

    what: str
    count: int
    endpoint: str
    values: Mapping[str, str] = field(default_factory=dict)
    urgent: bool = False


ToDoSource = Callable[[frozenset[str], Collection[str] | None], Iterable[ToDo]]
"""A feature's items for somebody with these permissions, who sees these sites (None: all)."""


@dataclass(frozen=True)
class Meeting:
    """An agreed interview."""

    starts_at: datetime
    study_id: str
    interviewer_ids: tuple[int, ...]
    mode: str


MeetingSource = Callable[[Collection[str] | None], Iterable[Meeting]]
"""The agreed interviews of the next days at these sites (None: all), by time."""


@dataclass(frozen=True)
class Fact:
    """Something that happened to or by a participant, for her timeline. `what` is translated where it is shown."""

    at: datetime
    what: str
    detail: str = ""


RecordingSource = Callable[[Participant], Iterable[Recording]]
"""A participant's recordings, newest first; those destroyed as well."""


@dataclass(frozen=True)
class Tally:
    """How many people of a site and group are at a step. `detail` is a reason, or a level of withdrawal."""

    site: str
    group: str
    step: Step
    opened: bool
    read: bool
    detail: str
    interviewed: bool
    people: int


@dataclass(frozen=True)
class Flow:
    """The flow of participants, as CONSORT draws it."""

    invited: int
    opened: int
    read: int
    undecided: int
    excluded: Mapping[str, int]
    declined: Mapping[str, int]
    consented: int
    withdrew: Mapping[str, int]
    interviewed: int
    waiting: int

    @property
    def not_taking_part(self) -> int:
        """How many were excluded or said no."""
        return sum(self.excluded.values()) + sum(self.declined.values())


@dataclass(frozen=True)
class Recruited:
    """How far a site has come with a group."""

    site: str
    group: str
    invited: int
    consented: int
    interviewed: int
    target: int | None


def flow(tallies: Iterable[Tally]) -> Flow:
    """Add the tallies up."""
    known = list(tallies)

    def count(*, where: Callable[[Tally], bool]) -> int:
        return sum(one.people for one in known if where(one))

    def by_detail(step: Step) -> dict[str, int]:
        found: Counter[str] = Counter()
        for one in known:
            if one.step is step:
                found[one.detail] += one.people
        return dict(found.most_common())

    consented = count(where=lambda one: one.step in CONSENTED or one.step is Step.WITHDRAWN)
    interviewed = count(where=lambda one: one.interviewed)
    return Flow(
        invited=count(where=lambda _: True),
        opened=count(where=lambda one: one.opened),
        read=count(where=lambda one: one.read),
        undecided=count(where=lambda one: one.step in (Step.OPEN, Step.CONSENT)),
        excluded=by_detail(Step.EXCLUDED),
        declined=by_detail(Step.DECLINED),
        consented=consented,
        withdrew=by_detail(Step.WITHDRAWN),
        interviewed=interviewed,
        waiting=count(where=lambda one: one.step in CONSENTED and not one.interviewed),
    )


def recruited(tallies: Iterable[Tally], places: Iterable[tuple[str, str, int | None]]) -> tuple[Recruited, ...]:
    """How far each place (site, group, target) has come. A place without a target and without people is left out."""
    known, found = list(tallies), []
    for site, group, target in places:
        mine = [one for one in known if (one.site, one.group) == (site, group)]
        if mine or target:
            found.append(
                Recruited(
                    site, group, sum(one.people for one in mine),
                    sum(one.people for one in mine if one.step in CONSENTED),
                    sum(one.people for one in mine if one.interviewed), target,
                )
            )  # fmt: skip
    return tuple(found)
