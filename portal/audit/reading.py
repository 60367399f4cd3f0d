"""Read the trail as it is stored: in a stream for the verifier, in lines for an extract, in pages for a person."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from portal.audit.chain import FORMAT, GENESIS, Link, canonical_fields
from portal.audit.domain import Event
from portal.audit.store import AuditCheckpoint, AuditEvent
from portal.db.engine import Database

_SQLITE = """SELECT seq, substr(at, 1, 10) || 'T' || substr(at, 12) || '+00:00', kind, actor, subject, fields, hash
FROM audit_event WHERE seq >= :first ORDER BY seq"""
_POSTGRESQL = """SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), kind, actor, subject,
fields::text, hash FROM audit_event WHERE seq >= :first ORDER BY seq"""
_KINDS = """WITH RECURSIVE step(kind) AS (SELECT min(kind) FROM audit_event UNION ALL
SELECT (SELECT min(kind) FROM audit_event WHERE kind > step.kind) FROM step WHERE step.kind IS NOT NULL)
SELECT kind FROM step WHERE kind IS NOT NULL"""
_BATCH = 2000


def links(session: Session, first: int = 1) -> Iterator[Link]:
    """The chain from an event on, as it is stored. Plain columns, since an auditor waits for all of them."""
    postgresql = session.get_bind().dialect.name == "postgresql"
    statement = text(_POSTGRESQL if postgresql else _SQLITE).bindparams(first=first)
    # Closed also where the reader breaks off: PostgreSQL's cursor stays open otherwise.
    with session.execute(statement, execution_options={"yield_per": _BATCH}) as rows:
        for seq, at, kind, actor, subject, fields, digest in rows:
            yield Link(seq, at, kind, actor, subject, canonical_fields(json.loads(fields)), digest)


def extract(database: Database, origin: str, first: int = 1) -> Iterator[str]:
    """The trail from an event on, line by line, for `portal.audit.chain` to check without the portal."""
    with database.reading() as session:
        before = session.get(AuditEvent, first - 1)
        head = {
            "format": FORMAT, "origin": origin, "first": first, "previous": before.hash if before else GENESIS,
        }  # fmt: skip
        yield json.dumps(head) + "\n"
        for one in links(session, first):
            event = {"seq": one.seq, "at": one.at, "kind": one.kind, "actor": one.actor, "subject": one.subject}
            yield json.dumps({**event, "fields": json.loads(one.fields), "hash": one.hash}, ensure_ascii=False) + "\n"
        query = select(AuditCheckpoint.note).where(AuditCheckpoint.seq >= first).order_by(AuditCheckpoint.seq)
        for note in session.scalars(query):
            yield json.dumps({"checkpoint": note}, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Filter:
    """What somebody looks for. Empty parts match everything; `until` is exclusive."""

    kind: str = ""
    """A whole kind such as "consent.given", or its first part such as "consent"."""
    actor: str = ""
    subjects: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Page:
    """Events, newest first, and before which number the next page begins (None on the last)."""

    events: Sequence[Event]
    older: int | None


def page(session: Session, wanted: Filter, before: int | None, size: int) -> Page:
    """A page of the trail."""
    query = _filtered(wanted).order_by(AuditEvent.seq.desc()).limit(size + 1)
    if before is not None:
        query = query.where(AuditEvent.seq < before)
    found = [row.as_event() for row in session.scalars(query)]
    return Page(found[:size], found[size - 1].seq if len(found) > size else None)


def kinds(session: Session) -> list[str]:
    """Every kind of event that the trail holds, by steps along the index: the trail is long, its kinds are few."""
    return sorted(session.scalars(text(_KINDS)))


def _filtered(wanted: Filter) -> Select[AuditEvent]:
    query = select(AuditEvent)
    if wanted.kind:
        whole, part = AuditEvent.kind == wanted.kind, AuditEvent.kind.startswith(f"{wanted.kind}.", autoescape=True)
        query = query.where(whole | part)
    if wanted.actor:
        query = query.where(AuditEvent.actor == wanted.actor)
    if wanted.subjects:
        query = query.where(AuditEvent.subject.in_(wanted.subjects))
    if wanted.since is not None:
        query = query.where(AuditEvent.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEvent.at < wanted.until)
    return query
