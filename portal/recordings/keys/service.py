"""Register, confirm and retire the team's keys. No secret half is ever here."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.recordings.age import DEFAULT_KIND, KeyMalformed, Kind, parse_recipient
from portal.recordings.keys import events
from portal.recordings.keys.domain import (
    MOST_WRAPS,
    KeyKind,
    NewWrap,
    Recipients,
    Standing,
    TeamKey,
    Wrap,
    WrapKind,
    check_wraps,
    kind_among,
    recipients_among,
)
from portal.recordings.keys.errors import KeyKnown, KeyRefused, KeyUnknown, LastWayIn, SamePerson
from portal.recordings.keys.store import TeamKeyRow, TeamKeyWrapRow
from portal.team.service import TeamService


class KeyService:
    """The keys of the team and of the study."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, team: TeamService) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._team = team

    def register(self, recipient: str, wraps: Sequence[NewWrap], *, staff_id: int) -> TeamKey:
        """Keep a member's new key. It opens recordings once a colleague has confirmed it.

        Raises:
            KeyRefused, KeyKnown
        """
        check_wraps(wraps)
        row = self._new(KeyKind.MEMBER, recipient)
        row.owner = row.registered_by = staff_id
        return self._register(row, wraps, Actor.staff(staff_id))

    def register_recovery(
        self, recipient: str, *, threshold: int, shares: int, actor: Actor, staff_id: int | None = None
    ) -> TeamKey:
        """Keep the public half of a recovery key made by `portal keys recovery`. Raises KeyRefused, KeyKnown."""
        if not 2 <= threshold <= shares <= 16:
            raise KeyRefused("a recovery key needs 2 to 16 shares, of which at least 2 join again")
        row = self._new(KeyKind.RECOVERY, recipient)
        row.registered_by, row.threshold, row.shares = staff_id, threshold, shares
        return self._register(row, (), actor)

    def confirm(self, key_id: int, *, staff_id: int) -> TeamKey:
        """A second person has compared the words. A new recovery key takes the older one's place.

        Raises:
            KeyUnknown: none that waits.
            SamePerson: she made or registered it herself.
        """
        with self._database.transaction() as session:
            row = self._row(session, key_id)
            if row.as_key().standing is not Standing.WAITING:
                raise KeyUnknown("this key does not wait to be confirmed")
            if staff_id in (row.owner, row.registered_by):
                raise SamePerson("somebody else has to confirm this key")
            actor = Actor.staff(staff_id)
            if row.kind == KeyKind.RECOVERY.value:
                for older in self._in_use(session, KeyKind.RECOVERY):
                    self._retire(session, older, staff_id)
            row.confirmed_at, row.confirmed_by = self._clock(), staff_id
            self._audit.record(
                session, events.CONFIRMED, actor=actor, subject=f"key:{row.id}", fingerprint=row.fingerprint
            )
        return row.as_key()

    def retire(self, key_id: int, *, staff_id: int) -> TeamKey:
        """New recordings leave this key out from now on. What it could open, it still can. Raises KeyUnknown."""
        with self._database.transaction() as session:
            row = self._row(session, key_id)
            if row.retired_at is None:
                self._retire(session, row, staff_id)
        return row.as_key()

    def add_wrap(self, key_id: int, wrap: NewWrap, *, staff_id: int) -> Wrap:
        """One more way to open her own key. Raises KeyUnknown, KeyRefused."""
        wrap.check()
        with self._database.transaction() as session:
            self._own(session, key_id, staff_id)
            if self._count(session, key_id) >= MOST_WRAPS:
                raise KeyRefused(f"a key has at most {MOST_WRAPS} ways in")
            row = self._add(session, key_id, wrap, Actor.staff(staff_id))
        return row.as_wrap()

    def remove_wrap(self, key_id: int, wrap_id: int, *, staff_id: int) -> None:
        """Forget one way to open her own key. Raises KeyUnknown, LastWayIn."""
        with self._database.transaction() as session:
            self._own(session, key_id, staff_id)
            row = session.get(TeamKeyWrapRow, wrap_id)
            if row is None or row.key_id != key_id:
                raise KeyUnknown("this key has no such way in")
            if row.kind == WrapKind.PASSPHRASE.value and self._count(session, key_id, WrapKind.PASSPHRASE) == 1:
                raise LastWayIn("the last passphrase stays")
            session.execute(delete(TeamKeyWrapRow).where(TeamKeyWrapRow.id == wrap_id))
            self._audit.record(
                session, events.WRAP_REMOVED, actor=Actor.staff(staff_id), subject=f"key:{key_id}",
                wrap=wrap_id, of=row.kind,
            )  # fmt: skip

    def all(self) -> list[TeamKey]:
        """Every key there ever was, oldest first."""
        with self._database.reading() as session:
            return [row.as_key() for row in session.scalars(select(TeamKeyRow).order_by(TeamKeyRow.id))]

    def keys_of(self, staff_id: int) -> list[TeamKey]:
        """A member's keys, oldest first."""
        return [one for one in self.all() if one.owner == staff_id]

    def recipients_now(self) -> Recipients:
        """To whom the next recording is encrypted; a closed account's keys no longer count. Raises NotReadyToRecord."""
        gone = {one.id for one in self._team.members() if one.closed}
        return recipients_among([one for one in self.all() if one.owner not in gone])

    def own_key(self, key_id: int, *, staff_id: int) -> TeamKey:
        """A member's own key. Raises KeyUnknown."""
        with self._database.reading() as session:
            return self._own(session, key_id, staff_id, to_change=False).as_key()

    def wraps(self, staff_id: int) -> list[Wrap]:
        """The wrapped copies of all of a member's keys, retired ones too: they open older recordings."""
        with self._database.reading() as session:
            found = session.scalars(
                select(TeamKeyWrapRow).join(TeamKeyRow).where(TeamKeyRow.owner == staff_id).order_by(TeamKeyWrapRow.id)
            )
            return [row.as_wrap() for row in found]

    def hand_wraps(self, *, staff_id: int) -> list[Wrap]:
        """The same for a page that unlocks, on record."""
        self._audit.note(events.WRAPS_HANDED, actor=Actor.staff(staff_id), subject=f"staff:{staff_id}")
        return self.wraps(staff_id)

    def kind(self) -> Kind:
        """The kind that a new key must have."""
        return kind_among(self.all()) or DEFAULT_KIND

    def _new(self, kind: KeyKind, written: str) -> TeamKeyRow:
        try:
            recipient = parse_recipient(written)
        except KeyMalformed as error:
            raise KeyRefused(str(error)) from error
        wanted = kind_among(self.all()) or recipient.kind
        if recipient.kind is not wanted:
            raise KeyRefused(f"this study's keys are of the kind {wanted}, which cannot be mixed with {recipient.kind}")
        return TeamKeyRow(
            kind=kind.value, recipient=str(recipient), fingerprint=recipient.fingerprint, registered_at=self._clock()
        )

    def _register(self, row: TeamKeyRow, wraps: Sequence[NewWrap], actor: Actor) -> TeamKey:
        try:
            with self._database.transaction() as session:
                session.add(row)
                session.flush()
                self._audit.record(
                    session, events.REGISTERED, actor=actor, subject=f"key:{row.id}", fingerprint=row.fingerprint,
                    of=row.kind,
                )  # fmt: skip
                for wrap in wraps:
                    self._add(session, row.id, wrap, actor)
        except IntegrityError as error:
            raise KeyKnown("this public key is registered already") from error
        return row.as_key()

    def _add(self, session: Session, key_id: int, wrap: NewWrap, actor: Actor) -> TeamKeyWrapRow:
        row = TeamKeyWrapRow(
            key_id=key_id, kind=wrap.kind.value, name=wrap.name, blob=wrap.blob, passkey=wrap.passkey,
            added_at=self._clock(),
        )  # fmt: skip
        session.add(row)
        session.flush()
        self._audit.record(session, events.WRAP_ADDED, actor=actor, subject=f"key:{key_id}", wrap=row.id, of=row.kind)
        return row

    def _retire(self, session: Session, row: TeamKeyRow, staff_id: int) -> None:
        row.retired_at, row.retired_by = self._clock(), staff_id
        self._audit.record(
            session, events.RETIRED, actor=Actor.staff(staff_id), subject=f"key:{row.id}", fingerprint=row.fingerprint
        )

    def _row(self, session: Session, key_id: int, *, to_change: bool = True) -> TeamKeyRow:
        row = session.get(TeamKeyRow, key_id, with_for_update=to_change)
        if row is None:
            raise KeyUnknown(f"no key has the number {key_id}")
        return row

    def _own(self, session: Session, key_id: int, staff_id: int, *, to_change: bool = True) -> TeamKeyRow:
        row = self._row(session, key_id, to_change=to_change)
        if row.owner != staff_id:
            raise KeyUnknown("no key of hers has this number")
        return row

    def _in_use(self, session: Session, kind: KeyKind) -> list[TeamKeyRow]:
        rows = session.scalars(select(TeamKeyRow).where(TeamKeyRow.kind == kind.value)).all()
        return [row for row in rows if row.as_key().standing is Standing.IN_USE]

    def _count(self, session: Session, key_id: int, kind: WrapKind | None = None) -> int:
        query = select(func.count()).select_from(TeamKeyWrapRow).where(TeamKeyWrapRow.key_id == key_id)
        if kind is not None:
            query = query.where(TeamKeyWrapRow.kind == kind.value)
        return int(session.scalar(query) or 0)
