"""Telling everybody before anything is kept: a notice counts when every page has confirmed that it shows it."""

import asyncio
import time
from collections.abc import Callable, Sequence

from portal.rooms.media.members import Member

TOLD_WITHIN = 5.0
"""Seconds in which every page must confirm; else nothing is recorded."""


class Notice:
    """The newest notice of a room. `expired` is called when somebody's page did not confirm in time."""

    def __init__(self, expired: Callable[[], None]) -> None:
        self._expired = expired
        self._timer: asyncio.TimerHandle | None = None
        self.number = 0
        self.code = self.by = ""

    def give(self, code: str, by: str) -> None:
        """A new notice goes out."""
        self.cancel()
        self.number = max(self.number + 1, int(time.time()))  # higher than any of a process before this one
        self.code, self.by = code, by
        self._timer = asyncio.get_running_loop().call_later(TOLD_WITHIN, self._expired)

    def cancel(self) -> None:
        """Stop waiting for confirmations."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def told(self, member: Member) -> bool:
        """True where this member's page shows it."""
        return member.told >= self.number

    def told_to_all(self, members: Sequence[Member]) -> bool:
        """True where every page shows it, and there is one."""
        return bool(members) and all(self.told(one) for one in members)
