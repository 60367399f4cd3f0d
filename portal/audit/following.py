"""Follow the trail, to know what may have changed since one last looked.

Whatever changes what is known of a participant records an audit event about her in the same transaction. So what was
read before the last look still holds for everybody whom no event since then concerns.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.audit.store import AuditEvent, AuditHead

_MOST = 2000
"""After more events than this it is quicker to read everything anew."""
_SINCE = (
    select(AuditEvent.seq, AuditEvent.hash, AuditEvent.subject)
    .where(AuditEvent.seq >= bindparam("seq"))
    .order_by(AuditEvent.seq)
    .limit(_MOST + 1)
)


@dataclass(frozen=True)
class Seen:
    """The last event that somebody saw."""

    seq: int
    hash: str


NOTHING = Seen(-1, "")


@dataclass(frozen=True)
class News:
    """What happened since."""

    seen: Seen
    """To hand in at the next look, once what follows from the news is done."""
    subjects: Sequence[str] | None
    """What the events were about; None if anything may have changed: it is the first look, there was too much, or the
    trail no longer holds the last event that was seen, as after a backup was put back."""


def news(session: Session, last: Seen) -> News:
    """Whom the events after the last one seen concern."""
    rows = session.execute(_SINCE, {"seq": last.seq}).all()
    if rows and Seen(rows[0].seq, rows[0].hash) == last and len(rows) <= _MOST:
        return News(Seen(rows[-1].seq, rows[-1].hash), [one.subject for one in rows[1:]])
    seq, digest = session.execute(select(AuditHead.seq, AuditHead.hash).where(AuditHead.id == 1)).one()
    return News(Seen(seq, digest), None)
