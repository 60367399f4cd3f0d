"""Seconds until a call goes on by itself after a switch of network, an outage and a locked phone: real Chromium, the
whole portal, and a recording that runs. From the moment that a network is there, or that the phone wakes, until the
page says that she is in the call, both see each other move, and the recording goes on. Needs root for the networks.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.e2e.faults import recorded_call, standing_still
from tests.e2e.interviews import Caller, House, close, house
from tests.e2e.server import running
from tests.support.browsers import ALLOWED, CAMERA, CHROMIUM
from tests.support.networks import TwoNetworks, two_networks

ROUNDS = 5
GOAL = 5.0
OUTAGE = 10.0
"""Seconds for which nothing comes through."""
ASLEEP = 18.0
"""Seconds: longer than media waits for a connection."""
MOVES = 0.3
"""Seconds of picture that must have gone by; not counted, since it moved when they began."""

Fault = Callable[[Caller, Caller], float]


def switch(away: TwoNetworks) -> Fault:
    def act(she: Caller, _staff: Caller) -> float:
        away.switch()
        since = time.monotonic()
        she.wait_was_said("The connection is lost.", seconds=30)
        return since

    return act


def outage(away: TwoNetworks) -> Fault:
    def act(she: Caller, _staff: Caller) -> float:
        away.cut()
        until = time.monotonic() + OUTAGE
        she.wait_was_said("The connection is lost.")
        she.page.wait_for_timeout((until - time.monotonic()) * 1000)
        away.mend()
        return time.monotonic()

    return act


def lock(hers: Browser) -> Fault:
    def act(_she: Caller, staff: Caller) -> float:
        with standing_still(hers):
            staff.wait_said("note", "has lost the connection", seconds=ASLEEP + 30)
            staff.page.wait_for_timeout(1000)
        return time.monotonic()

    return act


def recovery(place: House, hers: Browser, theirs: Browser, fault: Fault) -> float:
    """Seconds from the end of the fault until the call goes on."""
    with recorded_call(place, hers, theirs) as (she, staff, _room):
        she.page.wait_for_timeout(3000)
        since = fault(she, staff)
        for one in (she, staff):
            one.wait_said("status", "You are in the call.", seconds=60)
            one.wait_said("recording", "Recording", seconds=60)
        staff.sees_moving()
        she.sees_moving()
        return time.monotonic() - since - MOVES


def launch(playwright: Playwright, executable: Path | str) -> Browser:
    return playwright.chromium.launch(executable_path=str(executable), args=["--no-sandbox", *CAMERA, ALLOWED])


def measure(folder: Path) -> dict[str, list[float]]:
    with two_networks(250) as away, running(folder / "instance") as server, sync_playwright() as playwright:
        away.forward(urlsplit(server.url).port or 80)
        theirs, wandering, sleeping = (
            launch(playwright, one) for one in (CHROMIUM, away.browser(folder), CHROMIUM)
        )  # fmt: skip
        place = house(server, theirs)
        try:
            return {
                "switch": [recovery(place, wandering, theirs, switch(away)) for _ in range(ROUNDS)],
                "outage": [recovery(place, wandering, theirs, outage(away)) for _ in range(ROUNDS)],
                "unlock": [recovery(place, sleeping, theirs, lock(sleeping)) for _ in range(ROUNDS)],
            }
        finally:
            close(place)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        found = measure(Path(name))
    medians = {fault: round(statistics.median(seconds), 2) for fault, seconds in found.items()}
    result = {
        "name": "rooms-recovery",
        "figure": max(medians.values()),
        "unit": "s until the call goes on by itself, the worst median of the three faults",
        "against": "the end of the fault",
        "goal": GOAL,
        "met": max(medians.values()) <= GOAL,
        **{f"{fault}_s": [round(one, 2) for one in seconds] for fault, seconds in found.items()},
    }
    print(json.dumps(result))
    sys.exit(0 if result["met"] else 1)


if __name__ == "__main__":
    main()
