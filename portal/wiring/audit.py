"""The audit trail's checkpoints: where they are kept, and whom they are sent to."""

from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from portal.audit.checkpoints import Announce, CheckpointKey, Checkpoints, oldest_name
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.duties.loop import UPKEEP, Duty
from portal.key_files import load_or_make
from portal.messages.service import Outbox
from portal.receipts.service import ReceiptService
from portal.settings import Settings


def checkpoint_key(settings: Settings, database: Database) -> CheckpointKey:
    """The key that signs checkpoints, made at first start. Its name is the portal's address of that time, also after a
    move to another: the notes of before bear it, and auditors have it."""
    keys = settings.instance / "keys"
    address = f"{urlsplit(settings.public_url).netloc}/audit"
    name = load_or_make(keys / "audit.name", lambda: (oldest_name(database) or address).encode("utf-8"))
    return CheckpointKey.load_or_make(keys / "audit.pem", name.decode("utf-8"))


def build_checkpoints(
    settings: Settings, database: Database, clock: Clock, log: AuditLog, receipts: ReceiptService, outbox: Outbox,
    key: CheckpointKey,
) -> Checkpoints:  # fmt: skip
    """Build them."""
    return Checkpoints(
        database, clock, log, key, receipts.anchors, folder=settings.audit_folder, announce=_announce(settings, outbox)
    )


def audit_duties(checkpoints: Checkpoints) -> tuple[Duty, ...]:
    """What the worker does for the trail."""
    return (
        Duty("sign audit checkpoints", 60, checkpoints.make, UPKEEP),
        Duty("send audit checkpoints", 60, checkpoints.send, UPKEEP),
        Duty("check the audit trail", 3600, checkpoints.check_daily, UPKEEP),
    )


def _announce(settings: Settings, outbox: Outbox) -> Announce | None:
    if not settings.audit_email:
        return None

    def announce(session: Session, key: str, note: str) -> None:
        outbox.queue(session, template="audit_checkpoint", to=settings.audit_email, key=key, context={"note": note})

    return announce
