"""Work that goes on beside the calls: in threads, so that the event loop never waits for a disk, and in turns."""

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

R = TypeVar("R")


def give_way() -> None:
    """Make the calling thread give way to the event loop, whatever scheduler the process was started under."""
    thread = threading.get_native_id()
    if os.sched_getscheduler(thread) in (os.SCHED_FIFO, os.SCHED_RR):
        os.sched_setscheduler(thread, os.SCHED_RR, os.sched_param(os.sched_get_priority_min(os.SCHED_RR)))
    else:
        os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + 5))


class Hands:
    """What all recordings of a process share: threads that may wait for a disk, and the turn to compose.

    While one recording has the turn, the others wait: so what is forwarded waits for one piece of work, not for many.
    """

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, "recorder", initializer=give_way)
        self.turn = asyncio.Lock()

    async def run(self, work: Callable[[], R]) -> R:
        """Do it in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def close(self) -> None:
        """Wait for the threads and end them."""
        self._executor.shutdown()


class Desk(Generic[R]):
    """Does pieces of work in order. `done` gets each result and `failed` each exception."""

    def __init__(self, done: Callable[[R], None], failed: Callable[[Exception], None]) -> None:
        self._done, self._failed = done, failed
        self._last: asyncio.Task[None] | None = None
        self._since = 0.0

    @property
    def busy_for(self) -> float | None:
        """Seconds since the newest piece was handed over, while any is not done; None when nothing is left."""
        return None if self._last is None else time.monotonic() - self._since

    def submit(self, work: Callable[[], Awaitable[R]]) -> None:
        """Do it after whatever was handed over before."""
        self._since = time.monotonic()
        self._last = asyncio.get_running_loop().create_task(self._run(self._last, work))

    async def idle(self) -> None:
        """Wait until everything is done."""
        while self._last is not None:
            await self._last

    async def _run(self, before: "asyncio.Task[None] | None", work: Callable[[], Awaitable[R]]) -> None:
        if before is not None:
            await before
        this = asyncio.current_task()
        try:
            self._done(await work())
        except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on, and `failed` tells who must know
            self._failed(error)
        finally:
            if self._last is this:
                self._last = None
