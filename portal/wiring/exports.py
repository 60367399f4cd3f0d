"""Exports, and what they may ask of delegation and the team."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from sqlalchemy import select

from portal.audit.service import AuditLog
from portal.clock import Clock, london_day
from portal.consent.history import ConsentHistory
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.db.kinds import DataKind
from portal.delegation.domain import Delegation
from portal.delegation.service import DelegationService
from portal.demographics.service import DemographicsService
from portal.erasure.domain import Outcome
from portal.erasure.store import ErasureRow
from portal.exports.data import DataContents
from portal.exports.gather import Gathering, Removals
from portal.exports.service import ExportService
from portal.exports.site_file import DelegationLog, SiteFile
from portal.receipts.service import ReceiptService
from portal.study.service import StudyBook
from portal.team.service import TeamService
from portal.team.stays import stays
from portal.wiring.lookup import Lookup

_HEAD = ("member", "task", "starts_on", "ends_on", "signed_by", "signed_at", "ended_by", "ended_at")


def build_exports(get: Lookup, clock: Clock) -> ExportService:
    """The export service."""
    database, studies = get(Database), get(StudyBook)
    history = ConsentHistory(database, studies)
    gathering = Gathering(
        database, get(ConsentService), history, get(DemographicsService), studies, _removals(database)
    )

    site_file = SiteFile(database, studies, gathering, get(ReceiptService), _delegation_log(get))
    return ExportService(database, clock, get(AuditLog), gathering, DataContents(studies, gathering), site_file)


def _delegation_log(get: Lookup) -> DelegationLog:
    """Entries that held for a member while she worked at one of the sites. A lead has every task by her office."""

    def lines(sites: Collection[str] | None) -> Iterator[tuple[str, ...]]:
        names, known = get(TeamService).actor_names(), stays(get(Database))
        apart = get(StudyBook).current().study.sites_apart
        yield _HEAD
        for one in get(DelegationService).log():
            at = known.get(one.staff_id, ())
            if sites is None or not apart or any(stay.touches(sites, one.starts_on, _last_day(one)) for stay in at):
                yield _line(one, names)

    return lines


def _last_day(one: Delegation) -> date | None:
    days = [day for day in (one.ends_on, london_day(one.ended_at) if one.ended_at else None) if day]
    return min(days, default=None)


def _line(one: Delegation, names: Mapping[str, str]) -> tuple[str, ...]:
    return (
        names.get(f"staff:{one.staff_id}", ""), one.task.value, one.starts_on.isoformat(),
        one.ends_on.isoformat() if one.ends_on else "", names.get(one.signed_by, one.signed_by),
        one.signed_at.isoformat(timespec="seconds"), names.get(one.ended_by or "", one.ended_by or ""),
        one.ended_at.isoformat(timespec="seconds") if one.ended_at else "",
    )  # fmt: skip


def _removals(database: Database) -> Removals:
    """What the proofs of erasing say of answers."""

    def asked(references: Collection[str]) -> Mapping[str, bool]:
        proofs = select(ErasureRow.because, ErasureRow.outcome).where(
            ErasureRow.kind == DataKind.ANSWERS, ErasureRow.because.in_(references)
        )
        with database.reading() as session:
            return {because: outcome == Outcome.ERASED for because, outcome in session.execute(proofs)}

    return asked
