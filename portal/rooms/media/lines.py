"""Lines of who runs the room to who waits: each is kept until the page of who waits has shown it."""

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from portal.rooms.media.members import Member

MOST = 20
"""Lines that are kept for one person."""

Tell = Callable[[Member, dict[str, object]], bool]


class Line(NamedTuple):
    """A line, under the number that it has here and the name that its writer's page gave it."""

    number: int
    text: str
    name: str | None


class Lines:
    """By person and not by membership: who was away for so long that she counts as gone gets them when she returns."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._number = 0
        self._unshown: dict[str, deque[Line]] = {}
        self.memory = secrets.token_hex(8)
        """Which memory this is. Pages of writers that find another one know that theirs is lost, and say again what was
        not shown."""

    def write(self, members: Iterable[Member], text: str, name: str | None = None) -> None:
        """A line to each of them, but for whom it is kept already by this name."""
        self._number = max(self._number + 1, int(time.time() * 1000))  # higher than any of a process before this one
        line = Line(self._number, text, name)
        for member in members:
            kept = self._unshown.setdefault(member.person, deque(maxlen=MOST))
            if name is None or all(one.name != name for one in kept):
                kept.append(line)
                self._say(member, line)

    def tell_again(self, member: Member) -> None:
        """Her page has connected: it gets what no page of hers has shown. A page passes over what it shows already."""
        for line in self._unshown.get(member.person, ()):
            self._say(member, line)

    def shown(self, member: Member, number: int) -> bool:
        """Her page shows it; False where that was known."""
        kept = self._unshown.get(member.person, deque())
        left = [one for one in kept if one.number != number]
        if len(left) == len(kept):
            return False
        kept.clear()
        kept.extend(left)
        return True

    def state(self, person: str) -> str | None:
        """`sent` while her page has yet to show one, `shown` once it has shown all, None where none was written."""
        if person not in self._unshown:
            return None
        return "sent" if self._unshown[person] else "shown"

    def _say(self, member: Member, line: Line) -> None:
        self._tell(member, {"type": "message", "line": line.number, "text": line.text, "name": line.name})
