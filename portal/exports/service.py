"""Make an export: recorded when it starts, streamed piece by piece, recorded with its hash when the last byte left."""

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.exports import events
from portal.exports.data import DataContents
from portal.exports.domain import ENGLISH, MANY, SEVERAL, Export, ExportKind, Reader, Tally
from portal.exports.errors import NothingToExport
from portal.exports.gather import Gathering
from portal.exports.register import register
from portal.exports.site_file import SiteFile
from portal.exports.store import ExportRow

NEWEST = 50
_LONGEST = 40
"""Of the places on record; the audit trail has them in full."""


@dataclass(frozen=True)
class Wish:
    """What somebody asks for."""

    kind: ExportKind
    purpose: str
    words: str
    staff_id: int
    reader: Reader = ENGLISH


class ExportService:
    """The only way out for data in bulk."""

    def __init__(
        self, database: Database, clock: Clock, audit: AuditLog, gathering: Gathering, data: DataContents,
        site_file: SiteFile,
    ) -> None:  # fmt: skip
        self._database = database
        self._clock = clock
        self._audit = audit
        self._gathering = gathering
        self._data = data
        self._site_file = site_file

    def start(self, wish: Wish, sites: Collection[str] | None) -> Iterator[bytes]:
        """Record the wish and give the bytes.

        Args:
            sites: the sites to export; None for all.

        Raises:
            NothingToExport: and nothing is recorded.
        """
        if not self._gathering.anybody(sites):
            raise NothingToExport("nobody has consented")
        places = SEVERAL.join(sorted(sites)) if sites is not None else ""
        row = ExportRow(
            kind=wish.kind, site=places if len(places) <= _LONGEST else MANY, purpose=wish.purpose, words=wish.words,
            staff_id=wish.staff_id, started_at=self._clock(),
        )  # fmt: skip
        with self._database.transaction() as session:
            session.add(row)
            session.flush()
            self._audit.record(
                session, events.STARTED, actor=Actor.staff(wish.staff_id), subject=f"export:{row.id}",
                export=wish.kind.value, purpose=wish.purpose, site=places,
            )  # fmt: skip
        tally = Tally()
        return self._counted(row.id, wish, self._content(wish, sites)(tally), tally)

    def newest(self, sites: Collection[str] | None = None) -> list[Export]:
        """The newest exports, newest first: of everything (None), or those that took out nothing beyond these sites."""
        query = select(ExportRow.id, ExportRow.site).order_by(ExportRow.id.desc())
        with self._database.reading() as session:
            seen = (number for number, places in session.execute(query) if _within(places, sites))
            rows = session.scalars(select(ExportRow).where(ExportRow.id.in_(list(islice(seen, NEWEST)))))
            return sorted((row.as_export() for row in rows), key=lambda one: one.id, reverse=True)

    def _content(self, wish: Wish, sites: Collection[str] | None) -> Callable[[Tally], Iterator[bytes]]:
        if wish.kind is ExportKind.DATA:
            return lambda tally: self._data.archive(sites, tally, wish.reader)
        if wish.kind is ExportKind.REGISTER:
            return lambda tally: register(self._gathering, sites, tally)
        return lambda tally: self._site_file.archive(sites, tally, wish.reader)

    def _counted(self, number: int, wish: Wish, pieces: Iterator[bytes], tally: Tally) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            if piece:
                yield piece
        with self._database.transaction() as session:
            row = session.get_one(ExportRow, number)
            row.finished_at, row.sha256, row.size = self._clock(), digest.hexdigest(), size
            row.people, row.small_cells = tally.people, tally.small_cells
            self._audit.record(
                session, events.FINISHED, actor=Actor.staff(wish.staff_id), subject=f"export:{number}",
                export=wish.kind.value, sha256=digest.hexdigest(), size=size, people=tally.people,
            )  # fmt: skip


def _within(places: str, sites: Collection[str] | None) -> bool:
    return sites is None or (places not in ("", MANY) and set(places.split(SEVERAL)) <= set(sites))
