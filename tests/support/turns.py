"""Who runs which file when the tests are shared out among workers (`pytest -n 2 --dist loadfile`).

One worker begins with the files that drive browsers, one after the other: a call between browsers takes most of a small
machine, and two at once would only make each other late. The others begin with the files that take minutes, so that
nobody is waited for at the end. Who has done her own takes from what is left.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

BROWSERS = ("tests/e2e/", "tests/rooms/media/", "tests/rooms/test_turn.py")
LONG = ("tests/e2e/test_whole_study.py", "tests/faults/", "tests/receipts/", "tests/recordings/", "tests/booking/")
"""What begins first, in this order."""


class Turns(LoadFileScheduling):
    """Hands out whole files, as its base does, and chooses which."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        first = node is self.nodes[0]
        self.workqueue.move_to_end(min(self.workqueue, key=lambda file: self._after(file, first)), last=False)
        super()._assign_work_unit(node)

    def _after(self, file: str, for_browsers: bool) -> tuple[bool, int, int]:
        """What it is sorted by: own kind first, then the long ones, then those with most tests."""
        place = next((at for at, begins in enumerate(LONG) if file.startswith(begins)), len(LONG))
        return file.startswith(BROWSERS) is not for_browsers, place, -len(self.workqueue[file])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Turns | None:
    """Where workers take whole files, they take them so."""
    return Turns(config, log) if config.getvalue("dist") == "loadfile" else None
