"""Work for another thread, one piece after the other, so that the event loop never waits for a disk."""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

R = TypeVar("R")


def give_way() -> None:
    """Make the calling thread give way to the event loop, whatever scheduler the process was started under."""
    thread = threading.get_native_id()
    if os.sched_getscheduler(thread) in (os.SCHED_FIFO, os.SCHED_RR):
        os.sched_setscheduler(thread, os.SCHED_RR, os.sched_param(os.sched_get_priority_min(os.SCHED_RR)))
    else:
        os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + 5))


class Desk(Generic[R]):
    """Runs pieces of work in order. `done` gets each result and `failed` each exception, on the event loop."""

    def __init__(self, executor: Executor, done: Callable[[R], None], failed: Callable[[Exception], None]) -> None:
        self._executor, self._done, self._failed = executor, done, failed
        self._last: asyncio.Task[None] | None = None
        self._since = 0.0

    @property
    def busy_for(self) -> float | None:
        """Seconds since the newest piece was handed over, while any is not done; None when nothing is left."""
        return None if self._last is None else time.monotonic() - self._since

    def submit(self, work: Callable[[], R]) -> None:
        """Do it after whatever was handed over before."""
        self._since = time.monotonic()
        self._last = asyncio.get_running_loop().create_task(self._run(self._last, work))

    async def idle(self) -> None:
        """Wait until everything is done."""
        while self._last is not None:
            await self._last

    async def _run(self, before: "asyncio.Task[None] | None", work: Callable[[], R]) -> None:
        if before is not None:
            await before
        this = asyncio.current_task()
        try:
            result = await asyncio.get_running_loop().run_in_executor(self._executor, work)
            self._done(result)
        except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on, and `failed` tells who must know
            self._failed(error)
        finally:
            if self._last is this:
                self._last = None
