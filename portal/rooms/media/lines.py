"""Lines of who runs the room to who waits: each is kept until the page of who waits has shown it."""

import time
from collections import deque
from collections.abc import Callable, Iterable

from portal.rooms.media.members import Member

MOST = 20
"""Lines that are kept for one person."""

Tell = Callable[[Member, dict[str, object]], bool]


class Lines:
    """By person and not by membership: who was away for so long that she counts as gone gets them when she returns."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._number = 0
        self._unshown: dict[str, deque[tuple[int, str]]] = {}

    def write(self, members: Iterable[Member], text: str) -> None:
        """A line to each of them."""
        self._number = max(self._number + 1, int(time.time() * 1000))  # higher than any of a process before this one
        for member in members:
            kept = self._unshown.setdefault(member.person, deque(maxlen=MOST))
            kept.append((self._number, text))
            self._say(member, self._number, text)

    def tell_again(self, member: Member) -> None:
        """Her page has connected: it gets what no page of hers has shown. A page passes over what it shows already."""
        for number, text in self._unshown.get(member.person, ()):
            self._say(member, number, text)

    def shown(self, member: Member, number: int) -> bool:
        """Her page shows it; False where that was known."""
        kept = self._unshown.get(member.person, deque())
        left = [one for one in kept if one[0] != number]
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

    def _say(self, member: Member, number: int, text: str) -> None:
        self._tell(member, {"type": "message", "line": number, "text": text})
