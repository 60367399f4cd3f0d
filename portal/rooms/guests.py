"""Links for an interpreter or a supporter: each is good for one room, until that room is over."""

import hashlib
import secrets

from sqlalchemy import select

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.rooms import events
from portal.rooms.domain import GuestRole, Room
from portal.rooms.errors import GuestRefused
from portal.rooms.joining import Visitor
from portal.rooms.service import RoomService
from portal.rooms.store import RoomGuestRow
from portal.rooms.tickets import Role


class GuestList:
    """Who else may come."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, rooms: RoomService) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._rooms = rooms

    def invite(self, room: Room, role: GuestRole, *, staff_id: int) -> str:
        """A link's token, shown once and kept nowhere."""
        token = secrets.token_urlsafe(24)
        with self._database.transaction() as session:
            entry = self._audit.record(
                session, events.GUEST_INVITED, actor=Actor.staff(staff_id), subject=room.subject, role=role.value
            )
            session.add(
                RoomGuestRow(
                    room_id=room.id, token_hash=_hash(token), role=role.value, staff_id=staff_id, made_at=entry.at
                )
            )  # fmt: skip
        return token

    def find(self, token: str, name: str = "", *, also_over: bool = False) -> tuple[Room, Visitor]:
        """The room and the guest of a link.

        Args:
            also_over: the room need not be open.

        Raises:
            GuestRefused: the link is unknown, or its room is not open.
        """
        with self._database.reading() as session:
            row = session.scalars(select(RoomGuestRow).where(RoomGuestRow.token_hash == _hash(token))).one_or_none()
        if row is None:
            raise GuestRefused("unknown link")
        room = self._rooms.by_id(row.room_id)
        now = self._clock()
        if not (also_over or room.is_open(now) or room.may_return(now)):
            raise GuestRefused("the room is not open")
        role = Role(row.role)
        return room, Visitor(f"g{row.id}", role, name or role.value.title(), Actor(f"guest:{row.id}"))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
