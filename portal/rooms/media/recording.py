"""A room's recording, on the event loop: who is taken and when, told before kept, and never in the way of the call.

What is taken goes to the disk by way of `writing.py`.
"""

import time
from collections.abc import Callable
from pathlib import Path

from portal.clock import Clock
from portal.rooms.media.commands import Refused
from portal.rooms.media.desk import Hands
from portal.rooms.media.discard import discard_person
from portal.rooms.media.members import Member
from portal.rooms.media.notice import Notice
from portal.rooms.media.recorded import Progress
from portal.rooms.media.state import State
from portal.rooms.media.takings import Takings
from portal.rooms.media.writer import Writer
from portal.rooms.media.writing import Writing
from portal.rooms.tickets import RecordingTerms

PROGRESS_BATCHES = 2
"""Batches between two messages to who runs the room about what is durable."""
KEYFRAME_EVERY = 20.0
"""Seconds between keyframes that are asked for, so that a player can seek."""

Announce = Callable[..., None]


class Recording:
    """`off` → `starting` (everybody is told) → `running` ⇄ `paused` → `stopped`, or `failed`."""

    def __init__(
        self, room: str, vault: Path, before: State, hands: Hands, clock: Clock, *,
        note: Callable[..., None], announce: Announce, publish: Callable[[], None], progress: Callable[[], None],
    ) -> None:  # fmt: skip
        self._room, self._vault, self._before, self._clock = room, vault, before, clock
        self._note, self._announce, self._publish, self._told_progress = note, announce, publish, progress
        self.state = "off"
        self.failed: str | None = None
        self._terms: RecordingTerms | None = None
        self._origin: float | None = None
        self._began: float | None = None
        self._members: list[Member] = []
        self._takings = Takings(self._ms)
        self._durable: dict[str, float] = {}
        self._paused_by: str | None = None
        self._stopped_at: float | None = None
        self._notice = Notice(self._not_told)
        self._writing = Writing(self._takings, hands, beat=self._beat, progressed=self._progressed, failed=self._failed)
        self._keyframes_at = 0.0
        self._batches = 0

    # what the room asks

    def snapshot(self, *, possible: bool) -> dict[str, object]:
        """What every page is told."""
        ended = max(self._durable.values(), default=0.0)
        least = min((self._durable.get(one, 0.0) for one in self._takings.persons), default=ended)
        return {
            "state": self.state, "possible": possible and not self._before.withdrawn,
            "seconds": round(self._seconds(), 2), "written": round(least, 2), "part": self._takings.parts,
            "started_at": self._began, "paused_by": self._paused_by if self.state == "paused" else None,
            "failed": self.failed, "notice": self._notice.number,
        }  # fmt: skip

    def records(self, person: str) -> bool:
        """True while this person is being recorded."""
        return self.state == "running" and person in self._takings.persons

    def follow(self, members: list[Member]) -> None:
        """The members or their connections changed."""
        self._members = members
        if self._terms is None:
            self._terms = next((one.ticket.recording for one in members if one.ticket.recording is not None), None)
        if self._before.recording is not None and self.state == "off" and self._terms is not None:
            self._go_on()
        if self.state == "starting":
            self._begin_if_told()
        elif self.state == "running":
            self._take_who_may()

    def told(self, member: Member) -> None:
        """A page confirmed a notice."""
        if self.state == "starting":
            self._begin_if_told()
        elif self.state == "running":
            self._take_who_may()

    def start(self, by: str) -> None:
        """Tell everybody, then record."""
        if self.state in ("starting", "running", "paused"):
            raise Refused("already_recording")
        if self._before.withdrawn:
            raise Refused("consent_withdrawn")
        if self._terms is None or not any(one.may_be_recorded for one in self._members):
            raise Refused("nobody_to_record")
        self.failed = None
        self._tell_first("recording_started", by)

    def pause(self, by: str) -> None:
        """Keep nothing from now on."""
        if self._not_begun():
            return
        if self.state == "starting":
            self._notice.cancel()
            self.state = "paused"
        elif self.state == "running":
            self._takings.release_all(time.monotonic())
            self._takings.tell("pause", ms=self._ms())
            self.state = "paused"
        else:
            raise Refused("not_recording")
        self._paused_by = by
        self._note("recording_paused", recording=self._id, seconds=round(self._seconds(), 2), by=by)
        self._announce("recording_paused", by)
        self._publish()

    def resume(self, by: str) -> None:
        """Tell everybody, then go on."""
        if self.state != "paused":
            raise Refused("not_recording")
        self._tell_first("recording_resumed", by)

    def stop(self, by: str) -> None:
        """End the recording; what is recorded stays."""
        if self._not_begun():
            return
        if self.state not in ("starting", "running", "paused"):
            raise Refused("not_recording")
        self._notice.cancel()
        if self.state == "running":
            self._takings.tell("pause", ms=self._ms())
        self._takings.release_all(time.monotonic())
        self.state, self._stopped_at = "stopped", self._seconds()
        self._note("recording_stopped", recording=self._id, seconds=round(self._stopped_at, 2), by=by)
        self._announce("recording_stopped", by)
        self._publish()

    def end(self, reason: str) -> None:
        """The room is over."""
        self._notice.cancel()
        if reason == "shutdown":  # the next process goes on
            self._takings.release_all(time.monotonic())
            self._writing.finish(None)
            return
        if self.state in ("starting", "running", "paused"):
            self.stop(reason)
        self._writing.finish(reason)

    def withdraw(self, person: str, *, discard: bool) -> None:
        """Somebody withdrew the consent to be recorded: stop at once, and discard if the study says so."""
        self._before.withdrawn.add(person)
        self._note("consent_withdrawn", person=person, discard=discard)
        if self.state in ("starting", "running", "paused"):
            self.stop(person)
        self._announce("consent_withdrawn", person)
        if not discard or self._terms is None:
            return
        folder = self._vault / self._terms.id
        self._writing.abandon(lambda: discard_person(folder, person, self._clock))

    async def closed(self) -> None:
        """Wait until everything is written."""
        await self._writing.idle()

    # beginning

    @property
    def _id(self) -> str:
        return self._terms.id if self._terms else ""

    def _tell_first(self, code: str, by: str) -> None:
        self.state = "starting"
        self._notice.give(code, by)
        self._announce(code, by, notice=self._notice.number)
        self._publish()

    def _not_told(self) -> None:
        """Somebody's page did not confirm: record nobody."""
        if self.state == "starting":
            self.state = "paused" if self._writing.under_way else "off"
            self._announce("recording_failed", None, why="not_told")
            self._publish()

    def _not_begun(self) -> bool:
        """Call off a recording that everybody is still being told of, so that nothing is recorded; False where there
        is none.
        """
        if self.state != "starting" or self._writing.under_way:
            return False
        self._notice.cancel()
        self.state = "off"
        self._announce("recording_called_off", None)
        self._publish()
        return True

    def _begin_if_told(self) -> None:
        if self._notice.told_to_all(self._members):
            self._begin()

    def _begin(self) -> None:
        self._notice.cancel()
        if self._writing.under_way:
            self._takings.tell("resume", ms=self._ms())
        else:
            self._open()
        self.state, self._paused_by = "running", None
        self._note(
            self._notice.code, recording=self._id, seconds=round(self._seconds(), 2), by=self._notice.by,
            began=self._began,
        )  # fmt: skip
        self._take_who_may()
        self._publish()

    def _open(self) -> None:
        if self._terms is None:
            return
        if self._origin is None:
            self._origin, self._began = time.monotonic(), time.time()
        folder = self._vault / self._terms.id
        self._writing.begin(Writer(folder, self._room, self._terms, self._origin, self._clock), self._origin)

    def _go_on(self) -> None:
        """The process died while it recorded: the clock runs on, everybody is told again, then a new part begins."""
        before = self._before
        if before.recording != self._id or before.began is None:
            return
        self._began, self._origin = before.began, time.monotonic() - (time.time() - before.began)
        before.recording = None
        self._open()
        if before.paused:
            self.state = "paused"
        else:
            self._tell_first("recording_resumed", "")

    def _may(self, member: Member) -> bool:
        return member.may_be_recorded and member.person not in self._before.withdrawn and self._notice.told(member)

    def _take_who_may(self) -> None:
        self._takings.follow([one for one in self._members if self._may(one)], time.monotonic())

    # writing

    def _seconds(self) -> float:
        if self._origin is None:
            return 0.0
        return self._stopped_at if self.state == "stopped" and self._stopped_at else time.monotonic() - self._origin

    def _ms(self) -> int:
        return round(self._seconds() * 1000)

    def _beat(self, now: float) -> None:
        if self.state != "running":
            return
        self._take_who_may()
        self._seekable(now)
        self._batches += 1
        if self._batches % PROGRESS_BATCHES == 0:
            self._told_progress()

    def _seekable(self, now: float) -> None:
        if now - self._keyframes_at > KEYFRAME_EVERY:
            self._keyframes_at = now
            self._takings.request_keyframes(self._takings.persons, now)

    def _progressed(self, progress: Progress) -> None:
        self._durable |= progress.durable
        for event, fields in progress.journal:
            self._note(event, **fields)
        self._takings.request_keyframes(progress.keyframes, time.monotonic())
        self._takings.request_reports(progress.reports)

    def _failed(self, code: str) -> None:
        """The recording ends with an alarm; the call goes on."""
        self._notice.cancel()
        seconds = round(self._seconds(), 2)
        self.state, self.failed = "failed", code
        self._note("recording_failed", recording=self._id, seconds=seconds, reason=code)
        self._announce("recording_failed", None, why=code)
        self._publish()
