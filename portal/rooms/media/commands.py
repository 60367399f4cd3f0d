"""What a browser may say over the data channel: read strictly, limited in rate, allowed by role."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LONGEST = 8 * 1024
"""Bytes of the longest message."""
RATE, BURST = 20.0, 40.0
"""Messages a second on average, and at once."""
TEXT = 500
"""Characters of a message to who waits."""

FOR_ALL = frozenset({
    "hello", "told", "state", "quality", "shown", "pause_please", "stop_recording", "need_to_stop", "leave",
})  # fmt: skip
FOR_WHO_RUNS = frozenset({
    "admit", "decline", "message", "mute_request", "record_start", "record_pause", "record_resume", "record_stop",
    "distress", "distress_over", "end",
})  # fmt: skip
BEFORE_ADMISSION = frozenset({"hello", "state", "quality", "shown", "leave", "need_to_stop"})


class Refused(Exception):
    """A command is not carried out. `code` is of docs/rooms-protocol.md."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Command:
    """A message of a known type. `fields` is whatever else it said, unchecked."""

    kind: str
    id: str | int | None
    fields: Mapping[str, object]

    def text(self, name: str, most: int) -> str:
        """A field that is text. Raises Refused `bad_message`."""
        value = self.fields.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= most:
            raise Refused("bad_message")
        return value

    def number(self, name: str) -> int:
        """A field that is a whole number. Raises Refused `bad_message`."""
        value = self.fields.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refused("bad_message")
        return value

    def flag(self, name: str) -> bool | None:
        """A field that is true or false, or None where it is not there. Raises Refused `bad_message`."""
        value = self.fields.get(name)
        if value is not None and not isinstance(value, bool):
            raise Refused("bad_message")
        return value


def read(message: str | bytes) -> Command:
    """Read a message. Raises Refused `bad_message` or `unknown_type`."""
    if len(message) > LONGEST:
        raise Refused("bad_message")
    try:
        fields = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise Refused("bad_message") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        raise Refused("bad_message")
    number = fields.get("id")
    if isinstance(number, bool) or not isinstance(number, str | int | None) or len(str(number)) > 64:
        raise Refused("bad_message")
    kind = fields["type"]
    if kind not in FOR_ALL | FOR_WHO_RUNS:
        raise Refused("unknown_type")
    return Command(kind, number, fields)


def allow(command: Command, *, admitted: bool, runs_room: bool) -> None:
    """Raise Refused `not_admitted` or `not_allowed` where this person may not."""
    if not admitted and command.kind not in BEFORE_ADMISSION:
        raise Refused("not_admitted")
    if command.kind in FOR_WHO_RUNS and not runs_room:
        raise Refused("not_allowed")


class Rate:
    """A bucket of messages that fills again over time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._at, self._left = clock, clock(), BURST
        self._warned = False

    def take(self) -> bool:
        """Whether one more message is within the rate."""
        now = self._clock()
        self._left = min(BURST, self._left + (now - self._at) * RATE)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        self._warned = False
        return True

    def warn(self) -> bool:
        """True the first time that a message was over the rate, until one is within it again."""
        first, self._warned = not self._warned, True
        return first
