"""`portal worker`: run the duties."""

import gc
import signal
import threading
from types import FrameType

import click

from portal import wiring
from portal.cli.recordings_cast import recording_duty
from portal.duties.loop import Worker
from portal.settings import Settings
from portal.web.logs import configure


@click.command()
@click.option("--once", is_flag=True, help="Run each duty once and stop.")
def worker(*, once: bool) -> None:
    """Seal receipts, send messages, sweep up. Kill it anywhere, run it twice: nothing is lost or doubled."""
    work(Settings.from_env(), once=once)


def work(settings: Settings, *, once: bool = False) -> None:
    """Run the duties until told to stop by SIGTERM or SIGINT, or each of them `once`."""
    configure()
    with wiring.opened(settings) as services:
        made = wiring.worker(services, *([recording_duty(services, settings)] if settings.demonstration else []))
        if once:
            made.run_once()
        else:
            _run(made)


def _run(made: Worker) -> None:
    gc.freeze()  # what is made at the start stays: who looks for rubbish later need not walk through all of it again
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    made.run(stop)
