"""A member is told by e-mail what happened to her account, so that she notices if it was not she (ASVS 6.3.7)."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.audit.domain import Entry
from portal.messages.service import Outbox
from portal.team.store import StaffDeviceRow, StaffRow

_STAFF = "staff:"
_JUST_JOINED = timedelta(days=1)
Device = tuple[str, str]
"""Browser and system, as `portal.web.devices` tells them."""


class Change(StrEnum):
    """What became of the ways into an account."""

    PASSWORD = "password"  # noqa: S105 - a word of the message
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    RECOVERY_ASKED = "recovery_asked"
    RECOVERED = "recovered"


class AccountNotices:
    """Queues the messages in the transaction of what they tell of."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def changed(self, session: Session, owner: str, what: Change, entry: Entry) -> None:
        """Tell the owner of the account, if it is a member's.

        Args:
            owner: such as "staff:3".
            entry: the change in the audit trail.
        """
        if owner.startswith(_STAFF):
            self._outbox.queue(
                session, template="team_account_changed", to=owner, key=f"account:{entry.seq}",
                context={"what": what.value, "at": entry.at.isoformat()},
            )  # fmt: skip

    def signed_in(self, session: Session, member: StaffRow, device: Device, entry: Entry) -> None:
        """Remember the device, and tell the member if it is a new one.

        Who joined within the last day is not told of the first: it is the one on which she joined.
        """
        known = session.execute(
            select(StaffDeviceRow.browser, StaffDeviceRow.system).where(StaffDeviceRow.staff_id == member.id)
        ).all()
        if device in [tuple(one) for one in known]:
            return
        browser, system = device
        session.add(StaffDeviceRow(staff_id=member.id, browser=browser, system=system, first_at=entry.at))
        if known or not _just_joined(member, entry.at):
            self._outbox.queue(
                session, template="team_signed_in", to=f"{_STAFF}{member.id}", key=f"account:{entry.seq}",
                context={"browser": browser, "system": system, "at": entry.at.isoformat()},
            )  # fmt: skip

    def forget(self, session: Session, staff_id: int) -> None:
        """Forget the devices of who has left."""
        session.execute(delete(StaffDeviceRow).where(StaffDeviceRow.staff_id == staff_id))


def _just_joined(member: StaffRow, at: datetime) -> bool:
    return at - member.joined_at < _JUST_JOINED
