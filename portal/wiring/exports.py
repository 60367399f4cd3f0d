"""Exports, and what they may ask of delegation and the team."""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import select

from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.consent.history import ConsentHistory
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.db.kinds import DataKind
from portal.delegation.service import DelegationService
from portal.demographics.service import DemographicsService
from portal.erasure.domain import Outcome
from portal.erasure.store import ErasureRow
from portal.exports.data import DataContents
from portal.exports.gather import Gathering, Removals
from portal.exports.service import ExportService
from portal.exports.site_file import SiteFile
from portal.receipts.service import ReceiptService
from portal.study.service import StudyBook
from portal.team.service import TeamService
from portal.wiring.lookup import Lookup

_HEAD = ("member", "task", "starts_on", "ends_on", "signed_by", "signed_at", "ended_by", "ended_at")


def build_exports(get: Lookup, clock: Clock) -> ExportService:
    """The export service."""
    database, studies = get(Database), get(StudyBook)
    history = ConsentHistory(database, studies)
    gathering = Gathering(
        database, get(ConsentService), history, get(DemographicsService), studies, _removals(database)
    )

    def delegation_log() -> Iterable[tuple[str, ...]]:
        names = get(TeamService).actor_names()
        yield _HEAD
        for one in get(DelegationService).log():
            yield (
                names.get(f"staff:{one.staff_id}", ""), one.task.value, one.starts_on.isoformat(),
                one.ends_on.isoformat() if one.ends_on else "", names.get(one.signed_by, one.signed_by),
                one.signed_at.isoformat(timespec="seconds"), names.get(one.ended_by or "", one.ended_by or ""),
                one.ended_at.isoformat(timespec="seconds") if one.ended_at else "",
            )  # fmt: skip

    site_file = SiteFile(database, studies, gathering, get(ReceiptService), delegation_log)
    return ExportService(database, clock, get(AuditLog), gathering, DataContents(studies, gathering), site_file)


def _removals(database: Database) -> Removals:
    """What the proofs of erasing say of answers."""

    def asked(references: Collection[str]) -> Mapping[str, bool]:
        proofs = select(ErasureRow.because, ErasureRow.outcome).where(
            ErasureRow.kind == DataKind.ANSWERS, ErasureRow.because.in_(references)
        )
        with database.reading() as session:
            return {because: outcome == Outcome.ERASED for because, outcome in session.execute(proofs)}

    return asked
