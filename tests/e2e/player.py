"""The player's page as a researcher uses it."""

import time

from playwright.sync_api import expect

from portal.team.domain import Role
from portal.team.service import TeamService
from tests.recordings.keys.making import PASSPHRASE

LATE, STEP = 1.5, 0.4
"""Seconds by which the participant came later, and by which media may be out of step on a busy machine."""


def member(house, role=Role.RESEARCHER):
    return next(one for one in house.world.get(TeamService).members() if one.role is role)


def at_player(chromium, house, *before):
    """The researcher at the player's page. `before` are scripts that change the browser first."""
    she = house.staff(chromium, member(house))
    for script in before:
        she.page.add_init_script(script)
    she.page.goto(f"{she.base}/workspace/recordings/{house.world.recording.id}")
    return she


def unlock(she, passphrase=PASSPHRASE):
    she.page.fill("#unlock-with", passphrase)
    she.page.get_by_role("button", name="Unlock with the passphrase").click()


def playing(she):
    unlock(she)
    expect(she.page.locator("[data-controls]")).to_be_visible()
    she.page.locator("[data-toggle]").click()


def moment(she):
    """Seconds of the recording that the page tells."""
    minutes, seconds = she.page.inner_text("[data-time]").split(" / ")[0].split(":")
    return int(minutes) * 60 + int(seconds)


def arrives(she, seconds):
    """She has listened to this second, or a busy machine has gone on a little further."""
    until = time.monotonic() + 60
    while moment(she) < seconds:
        assert time.monotonic() < until, f"it stands at {moment(she)} s"
        she.page.wait_for_timeout(50)


def state(she, kind):
    """[seconds, paused] of each file's picture or voice."""
    return she.page.evaluate(f"[...document.querySelectorAll('{kind}')].map(one => [one.currentTime, one.paused])")


def plays(she, kind, at, begins):
    """Whether a file's picture or voice, which begins at this second of the recording, plays where it belongs."""
    now, seen = moment(she), state(she, kind)
    (stands, paused), later = seen[at], moment(she)
    return not paused and now - STEP < stands + begins < later + 1 + STEP  # the page tells whole seconds
