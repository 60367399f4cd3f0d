"""One person's part of a recording: her packets become one WebM file on the recording's clock.

Every file has sound, if only silence: a microphone that is late, or was never allowed,
does not cut it. The file begins when it is known whether it has a picture too, and when both are tied together by
sender reports, or when that has been waited for long enough. From then on frames are written up to a horizon that no
frame can come from any more; sound that is missing before it becomes true silence.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Protocol

from portal.rooms.media import webm
from portal.rooms.media.frames import Lost, Picture, Pictures, Reorder
from portal.rooms.media.inbound import Packet
from portal.rooms.media.sound import Sound
from portal.rooms.media.sync import LATE, PersonClock, TrackClock

AUDIO, VIDEO = "audio", "video"
RATES = {AUDIO: 48_000, VIDEO: 90_000}
DEADLINE = 0.9
"""Seconds for which a missing packet is waited for: retransmission gives up after one."""
SLACK = 1.0
"""Seconds after which nothing more of a moment is expected."""
FIRST_PICTURE = 1.2
"""Seconds that a part waits for a picture before it begins with sound alone."""
TIED_WITHIN = 2.5
"""Seconds that a part waits for sender reports."""
SURE_WITHIN, SURE = 1.0, 0.5
"""Seconds that a part waits until the reports that are known, also from before it, lie so far apart: on a busy machine
the first come late (by 42 ms at a load of 16, measured), and sound cannot be moved without a jump once it has begun."""
CLUSTER_MS = 400
INDEX_EVERY_MS = 5_000
_MS = itemgetter(0)


class File(Protocol):
    """Where a part's bytes go."""

    def begin(self, start_ms: int, header: bytes, media: str, codecs: str) -> None:
        """The file's start; `start_ms` on the recording's clock."""

    def cluster(self, data: bytes, end_ms: int) -> None:
        """A cluster; everything up to `end_ms` of the file has now been given."""

    def index(self, ms: int) -> None:
        """A cluster that can be played from comes next."""

    def tell(self, kind: str, **fields: str | int | bool) -> None:
        """A line for the manifest."""


@dataclass
class _Stream:
    kind: str
    clock: TrackClock
    reorder: Reorder = field(default_factory=lambda: Reorder(DEADLINE))
    frames: list[webm.Frame] = field(default_factory=list)
    """Frames that wait to be written; `ms` on the recording's clock."""
    pictures: Pictures = field(default_factory=Pictures)
    seen: bool = False
    last_ms: int | None = None
    last_arrival: float = -math.inf
    held_from: float | None = None
    """Since when a new connection's packets, or those after a pause, wait for the first sender report."""


class Part:
    """Takes packets and reports, and writes. Times are seconds of the process's clock unless they are called `ms`."""

    def __init__(self, person: str, origin: float, since: float, file: File) -> None:
        self.person = person
        self._origin, self._since, self._file = origin, since, file
        self._since_ms = self._ms(since)
        self._person_clock = PersonClock(since)
        self._streams = {kind: self._stream(kind) for kind in (AUDIO, VIDEO)}
        self.begun_ms: int | None = None
        """Where the file begins on the recording's clock; None before it does."""
        self.written_ms = 0
        """How far the file reaches, in its own time."""
        self.size: tuple[int, int] | None = None
        self.wants_keyframe = False
        self.wants_new_file = False
        """True when a picture came and this file has sound alone."""
        self._kinds: frozenset[str] = frozenset()
        self._sound: Sound | None = None
        self._indexed_ms = -INDEX_EVERY_MS

    @property
    def wants_reports(self) -> bool:
        """True where her browser should be asked for sender reports at once."""
        return any(stream.clock.doubtful for stream in self._streams.values())

    def restart(self, kind: str, now: float) -> None:
        """The stream comes from another connection now: its numbers and times begin anew."""
        old, new = self._streams[kind], self._stream(kind)
        self._release(old, math.inf)
        new.frames, new.last_ms, new.seen, new.held_from = old.frames, old.last_ms, old.seen, now
        self._streams[kind] = new

    def take(self, kind: str, packets: Sequence[Packet]) -> None:
        """Packets of one stream, as they came."""
        if not packets:
            return
        stream = self._streams[kind]
        paused = stream.clock.stood_still(packets) if kind == AUDIO and stream.held_from is None else None
        if paused is not None:
            packets = self._doubt(stream, packets, paused)
        stream.clock.came(packets)
        stream.reorder.push(packets)
        if not stream.seen and self.begun_ms is not None:  # late: it waits to be tied to what was there first
            stream.held_from = packets[0][4]
        stream.seen, stream.last_arrival = True, packets[-1][4]

    def _doubt(self, stream: _Stream, packets: Sequence[Packet], at: int) -> Sequence[Packet]:
        """What came after a pause waits for a report, and what came before does not. Gives the former."""
        before, after = packets[:at], packets[at:]
        since = after[0][4]
        if before:
            stream.clock.came(before)
            stream.reorder.push(before)
        self._release(stream, since)
        stream.clock.doubt(since)
        stream.held_from = since
        return after

    def report(self, kind: str, ntp: int, stamp: int, arrived: float) -> None:
        """One sender report."""
        self._person_clock.heard(ntp, arrived)
        self._streams[kind].clock.reported(ntp, stamp, arrived)
        self._file.tell("clock", track=self.person, media=kind, ntp=f"{ntp:016x}", rtp=stamp, ms=self._ms(arrived))

    def flush(self, now: float) -> None:
        """Write what can be written."""
        if self._holds(now):
            return
        ready = [stream for stream in self._streams.values() if not self._held(stream, now)]
        self._settle(ready)
        for stream in ready:
            stream.held_from = None
            self._release(stream, now)
        if self.begun_ms is None and not self._begin(now):
            return
        self._write(self._horizon(now))

    def finish(self, now: float) -> int:
        """Write everything, with silence up to now. Gives the file's length in ms."""
        if self._holds(math.inf):
            return 0
        self._settle(self._streams.values())
        for stream in self._streams.values():
            self._release(stream, math.inf)
        if self.begun_ms is None and not self._begin(math.inf):
            return 0
        latest = max((frame.ms + 1 for stream in self._streams.values() for frame in stream.frames), default=0)
        self._write(max(latest, self._ms(now)))
        if self._sound is not None:
            self._sound.end()
        return self.written_ms

    # times

    def _ms(self, at: float) -> int:
        return round((at - self._origin) * 1000)

    def _stream(self, kind: str) -> _Stream:
        return _Stream(kind, TrackClock(RATES[kind], self._person_clock))

    def _holds(self, now: float) -> bool:
        """True while it is not known yet what belongs together."""
        if self.begun_ms is not None:
            return False
        seen = [stream for stream in self._streams.values() if stream.seen]
        if not seen:
            return True
        waited = now - self._since
        if waited < FIRST_PICTURE and len(seen) < len(self._streams):
            return True
        if waited < SURE_WITHIN and self._person_clock.known < SURE:
            return True
        return waited < TIED_WITHIN and not all(stream.clock.tied for stream in seen)

    def _held(self, stream: _Stream, now: float) -> bool:
        waits = stream.held_from is not None and now - stream.held_from < TIED_WITHIN
        return waits and not stream.clock.tied

    def _settle(self, streams: Iterable[_Stream]) -> None:
        """Before the first frames are given their times: nothing was taken after it arrived.

        Where all of her streams say otherwise, the reports that tie her clock to ours came late; where one does, its
        own report was wrong.
        """
        fresh = [stream.clock for stream in streams if stream.seen and stream.clock.fresh]
        if all(stream.clock.fresh for stream in self._streams.values() if stream.seen):
            self._person_clock.lower(min((clock.ahead for clock in fresh if clock.tied), default=0.0))
        for clock in fresh:
            clock.settle()

    def _horizon(self, now: float) -> int:
        """No frame from before this moment of the recording comes any more (ms)."""
        quiet = self._ms(now - SLACK)
        edges = []
        for kind in self._kinds:
            stream = self._streams[kind]
            reached = stream.last_ms
            if stream.held_from is not None and stream.clock.doubtful and reached is not None:
                edge = reached  # what waits may be timed to go on there
            elif stream.held_from is not None:
                edge = min(quiet, self._ms(stream.held_from))
            else:
                edge = reached if stream.reorder.waits and reached is not None else quiet
            if kind == AUDIO and now - stream.last_arrival < LATE:  # it may only be late: silence would take its place
                edge = min(edge, self._ms(now - LATE))
            edges.append(edge if reached is None else max(reached, edge))
        return min(edges)

    # from packets to frames

    def _release(self, stream: _Stream, now: float) -> None:
        for run in stream.reorder.pop(now):
            if isinstance(run, Lost):
                self._lost(stream, run.packets, now)
            elif stream.kind == AUDIO:
                for _, stamp, _, payload, arrived in run:
                    if payload:
                        self._frame(stream, stamp, arrived, key=True, data=payload)
            else:
                for picture in stream.pictures.complete(run):
                    self._picture(stream, picture)
        self.wants_keyframe = VIDEO in self._wanted() and self._streams[VIDEO].pictures.broken

    def _wanted(self) -> set[str]:
        return {stream.kind for stream in self._streams.values() if stream.seen}

    def _lost(self, stream: _Stream, count: int, now: float) -> None:
        stream.pictures.lost()
        if not count:
            return
        at = now if now != math.inf else stream.last_arrival
        self._file.tell("loss", track=self.person, media=stream.kind, ms=max(0, self._ms(at)), packets=count)

    def _picture(self, stream: _Stream, picture: Picture) -> None:
        if picture.size is not None:
            self.size = picture.size
        self._frame(stream, picture.stamp, picture.arrived, key=picture.key, data=picture.data)

    def _frame(self, stream: _Stream, stamp: int, arrived: float, *, key: bool, data: bytes) -> None:
        ms = self._ms(stream.clock.time(stamp, arrived))
        if ms < self._since_ms:  # from before recording began: never kept
            if stream.kind == VIDEO:
                stream.pictures.lost()
            return
        if stream.last_ms is not None:
            ms = max(ms, stream.last_ms + (stream.kind == VIDEO))  # time in a file never goes back
        stream.last_ms = ms
        track = webm.AUDIO if stream.kind == AUDIO else webm.VIDEO
        stream.frames.append(webm.Frame(ms, track, key, data))

    # from frames to the file

    def _begin(self, now: float) -> bool:
        kinds = {stream.kind for stream in self._streams.values() if stream.frames}
        waited = now - self._since
        if not kinds or (self._wanted() - kinds and waited < TIED_WITHIN + FIRST_PICTURE):
            return False
        kinds.add(AUDIO)
        self._kinds = frozenset(kinds)
        start = min(frame.ms for stream in self._streams.values() for frame in stream.frames)
        self.begun_ms, self._sound = start, Sound(start, self._gap)
        head = webm.header(audio=True, video=(self.size or (640, 480)) if VIDEO in kinds else None)
        media = "+".join(kind for kind in (AUDIO, VIDEO) if kind in kinds)
        codecs = "+".join(name for kind, name in ((VIDEO, "vp8"), (AUDIO, "opus")) if kind in kinds)
        self._file.begin(start, head, media, codecs)
        return True

    def _write(self, horizon: int) -> None:
        start, frames = self.begun_ms or 0, []
        for stream in self._streams.values():
            ready = bisect_left(stream.frames, horizon, key=_MS)
            taken, stream.frames = stream.frames[:ready], stream.frames[ready:]
            if stream.kind not in self._kinds:
                self.wants_new_file |= bool(taken)
                continue
            taken = [one for one in taken if one.ms >= start]
            frames += self._sound.whole(taken, horizon) if stream.kind == AUDIO and self._sound is not None else taken
        frames.sort(key=_MS)
        first = 0
        for at, (ms, track, key, _) in enumerate(frames):
            if at > first and ((key and track == webm.VIDEO) or ms - frames[first].ms >= CLUSTER_MS):
                self._cluster(frames[first:at])
                first = at
        if frames:
            self._cluster(frames[first:])

    def _cluster(self, group: list[webm.Frame]) -> None:
        first, origin = group[0], self.begun_ms or 0
        at = first.ms - origin
        due = VIDEO not in self._kinds and at - self._indexed_ms >= INDEX_EVERY_MS
        if due or (first.key and first.track == webm.VIDEO):
            self._file.index(at)
            self._indexed_ms = at
        self.written_ms = max(self.written_ms, group[-1].ms - origin + webm.SILENCE_MS)
        self._file.cluster(webm.cluster(group, origin), self.written_ms)

    def _gap(self, start: int, end: int) -> None:
        self._file.tell("gap", track=self.person, ms=start, until_ms=end, why="no sound came")
