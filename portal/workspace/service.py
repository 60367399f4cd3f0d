"""Ask where everybody is: a page of the list, one participant, or the study's flow."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from portal.db.engine import Database
from portal.people.domain import Participant
from portal.people.store import ParticipantRow
from portal.study.service import StudyBook
from portal.workspace.domain import (
    Fact,
    FactSource,
    Listed,
    Meeting,
    MeetingSource,
    PageOfPeople,
    Step,
    Tally,
    ToDo,
    ToDoSource,
    Wanted,
)
from portal.workspace.facts import Standings, standings

PER_PAGE = 50


class Overview:
    """Reads; changes nothing. Every question costs the same few queries, however many participants there are."""

    def __init__(self, database: Database, studies: StudyBook) -> None:
        self._database = database
        self._studies = studies

    def page(self, wanted: Wanted, number: int, sites: Collection[str] | None = None) -> PageOfPeople:
        """A page (from 1) of those wanted, newest first; a number that is too high gives the last page.

        Args:
            sites: keys of the sites that the reader may see; None for all.
        """
        with self._database.reading() as session:
            asked = standings(session, self._studies)
            which = _which(asked, wanted, sites)
            total = self._count(session, asked, wanted, which)
            pages = max(1, -(-total // PER_PAGE))
            number = min(max(number, 1), pages)
            query = (
                select(ParticipantRow, asked.full_step)
                .select_from(asked.people)
                .where(which)
                .order_by(ParticipantRow.id.desc())
                .limit(PER_PAGE)
                .offset((number - 1) * PER_PAGE)
            )
            rows = tuple(Listed(row.as_participant(), Step(step)) for row, step in session.execute(query))
        return PageOfPeople(rows, number, pages, total)

    def step(self, person: Participant) -> Step:
        """Where one participant is."""
        with self._database.reading() as session:
            asked = standings(session, self._studies)
            query = select(asked.full_step).select_from(asked.people).where(ParticipantRow.id == person.id)
            return Step(session.execute(query).scalar_one())

    def tallies(self, sites: Collection[str] | None = None) -> tuple[Tally, ...]:
        """How many are where, by site and group; READY stands for ANSWER too."""
        with self._database.reading() as session:
            asked = standings(session, self._studies)
            opened = ParticipantRow.first_opened_at.is_not(None)
            by: list[ColumnElement[Any]] = [
                ParticipantRow.site.label("site"), ParticipantRow.group.label("group"), asked.step.label("step"),
                opened.label("opened"), asked.read.label("read"), asked.detail.label("detail"),
                asked.interviewed.label("interviewed"),
            ]  # fmt: skip
            inner = select(*by).select_from(asked.people).where(_of_sites(sites)).subquery()
            counted = select(*inner.c, func.count().label("people")).group_by(*inner.c)
            return tuple(
                Tally(
                    row["site"], row["group"], Step(row["step"]), bool(row["opened"]), bool(row["read"]),
                    row["detail"], bool(row["interviewed"]), row["people"],
                )
                for row in session.execute(counted).mappings()
            )  # fmt: skip

    def _count(self, session: Session, asked: Standings, wanted: Wanted, which: ColumnElement[bool]) -> int:
        source = asked.people if wanted.step else ParticipantRow.__table__
        return session.execute(select(func.count()).select_from(source).where(which)).scalar_one()


class Timeline:
    """What happened to and by a participant, as each feature tells it."""

    def __init__(self, sources: Iterable[FactSource]) -> None:
        self._sources = tuple(sources)

    def of(self, person: Participant) -> list[Fact]:
        """Her facts, newest first."""
        found = [fact for source in self._sources for fact in source(person)]
        return sorted(found, key=lambda one: one.at)[::-1]


class Week:
    """The interviews of the next seven days."""

    def __init__(self, source: MeetingSource) -> None:
        self._source = source

    def meetings(self, sites: Collection[str] | None) -> list[Meeting]:
        """Those at these sites (None: all), by time."""
        return list(self._source(sites))


class ToDoList:
    """What waits for somebody, as each feature tells it."""

    def __init__(self, sources: Iterable[ToDoSource]) -> None:
        self._sources = tuple(sources)

    def items(self, permissions: frozenset[str], sites: Collection[str] | None) -> list[ToDo]:
        """Everything that waits for somebody with these permissions and sites."""
        return [item for source in self._sources for item in source(permissions, sites) if item.count]


def _which(asked: Standings, wanted: Wanted, sites: Collection[str] | None) -> ColumnElement[bool]:
    found = [_of_sites(sites)]
    if wanted.study_id:
        found.append(ParticipantRow.study_id.contains(wanted.study_id.strip().upper(), autoescape=True))
    if wanted.group:
        found.append(ParticipantRow.group == wanted.group)
    if wanted.site:
        found.append(ParticipantRow.site == wanted.site)
    if wanted.step:
        step = asked.full_step if wanted.step in (Step.ANSWER, Step.READY) else asked.step
        found.append(step == wanted.step)
    return and_(*found)


def _of_sites(sites: Collection[str] | None) -> ColumnElement[bool]:
    return ParticipantRow.id.is_not(None) if sites is None else ParticipantRow.site.in_(sites)
