"""Between a recording, on the event loop, and its writer, in a thread: what was taken is composed, then written, one
batch at a time.

What waits for the writer is bounded: a disk that is full or too slow ends the recording with an alarm, and the call
goes on.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from portal.rooms.media.composer import Composer
from portal.rooms.media.desk import Desk, Hands
from portal.rooms.media.failures import WriterFailed
from portal.rooms.media.recorded import Event, Progress
from portal.rooms.media.takings import Takings
from portal.rooms.media.writer import Writer

log = logging.getLogger(__name__)

BATCH = 0.75
"""Seconds between two batches."""
MOST_WAITING = 16 * 1024 * 1024
"""Bytes that wait for the disk at most, for one room."""
SLOWEST = 10.0
"""Seconds that one batch may take at most."""


class Writing:
    """Hands over what was taken. `beat` is called before each batch, `progressed` after it, `failed` once with why."""

    def __init__(
        self, takings: Takings, hands: Hands, *,
        beat: Callable[[float], None], progressed: Callable[[Progress], None], failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._takings, self._beat, self._told_progress, self._told_failure = takings, beat, progressed, failed
        self._hands = hands
        self._desk: Desk[Progress | None] = Desk(self._progressed, self._failed)
        self._writer: Writer | None = None
        self._ending: Writer | None = None
        """The writer that has its last work before it, and may fail at that."""
        self._composer = Composer(0.0)
        self._timer: asyncio.TimerHandle | None = None

    @property
    def under_way(self) -> bool:
        """True from `begin` until it is finished, abandoned or has failed."""
        return self._writer is not None

    def begin(self, writer: Writer, origin: float) -> None:
        """Open the recording's folder and go on from there. `origin` is where the recording's clock is 0."""
        self._writer, self._composer = writer, Composer(origin)
        self._in_thread(writer.open)
        self._schedule()

    def finish(self, why: str | None) -> None:
        """Write what waits and end every file. With a reason, the recording is over for good."""
        writer, composer = self._writer, self._composer
        if writer is None:
            return
        self._let_go()
        self._ending = writer
        events, now = self._takings.drain(), time.monotonic()

        async def finish() -> Progress | None:
            if self._ending is not writer:  # what came before this failed, and that was told
                return None
            async with self._hands.turn:
                orders = await composer.compose(events, now)
                orders += await composer.finish(now)
            progress = await self._hands.run(lambda: writer.end(orders, now, why))
            self._ending = None
            return progress

        self._desk.submit(finish)

    def abandon(self, then: Callable[[], Progress]) -> None:
        """Let go of the files as they are, forget what waits, and do that in the writer's place."""
        writer = self._let_go()
        self._takings.clear()
        if writer is not None:
            self._in_thread(writer.abandon)
        self._in_thread(then)

    async def idle(self) -> None:
        """Wait until everything is written."""
        await self._desk.idle()

    def _schedule(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(BATCH, self._batch)

    def _batch(self) -> None:
        self._timer = None
        if self._writer is None:
            return
        now = time.monotonic()
        try:
            self._beat(now)
            self._next(now)
        except Exception as error:  # noqa: BLE001 - else nothing would be written any more, and nobody would know
            self._failed(error)
        if self._writer is not None:
            self._schedule()

    def _next(self, now: float) -> None:
        busy = self._desk.busy_for
        if busy is None:
            self._hand_over(now)
        elif busy > SLOWEST or self._takings.bytes > MOST_WAITING:
            self._fail("disk_slow")

    def _hand_over(self, now: float) -> None:
        events, writer, composer = self._takings.drain(), self._writer, self._composer
        if writer is None or not (events or self._takings.persons):
            return
        self._desk.submit(lambda: self._write(writer, composer, events, now))

    async def _write(self, writer: Writer, composer: Composer, events: list[Event], now: float) -> Progress:
        async with self._hands.turn:
            orders = await composer.compose(events, now)
        progress = await self._hands.run(lambda: writer.perform(orders, now))
        progress.keyframes |= composer.keyframes
        progress.reports |= composer.reports
        return progress

    def _in_thread(self, work: Callable[[], Progress | None]) -> None:
        self._desk.submit(lambda: self._hands.run(work))

    def _progressed(self, progress: Progress | None) -> None:
        if progress is not None:
            self._told_progress(progress)

    def _failed(self, error: Exception) -> None:
        log.error("a recording failed: %s", error, exc_info=None if isinstance(error, WriterFailed) else error)
        self._fail(error.code if isinstance(error, WriterFailed) else "error")

    def _fail(self, code: str) -> None:
        writer = self._let_go()
        if writer is not None:
            self._takings.clear()
            self._told_failure(code)
            self._in_thread(writer.abandon)

    def _let_go(self) -> Writer | None:
        """Forget the writer, and with the composer the packets that it holds."""
        writer = self._writer or self._ending
        self._writer = self._ending = None
        self._composer = Composer(0.0)
        return writer
