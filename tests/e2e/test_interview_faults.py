"""What happens to a participant in a call: another network, a locked phone, another headset. The recording is whole."""

import os
import re
import subprocess
from urllib.parse import urlsplit

import pytest

from portal.db.engine import Database
from portal.recordings.age import decrypt
from portal.rooms.store import RoomRow
from tests.e2e.faults import recorded_call, standing_still
from tests.e2e.interviews import close, house
from tests.e2e.server import demonstration
from tests.support import calls
from tests.support.browsers import ALLOWED, CAMERA, CHROMIUM
from tests.support.networks import two_networks

pytestmark = [
    pytest.mark.browser,
    pytest.mark.faults,
    pytest.mark.skipif(os.geteuid() != 0, reason="makes network namespaces"),
]
LOCKED = 18.0
"""Seconds: longer than media waits for a connection (`portal.rooms.media.peer.SILENT`)."""
KEEP_GIVEN = """() => {
  const devices = navigator.mediaDevices, ask = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wanted) => (window.given = await ask(wanted));
}"""


@pytest.fixture(scope="module")
def away(tmp_path_factory):
    with two_networks(os.getpid() % 200 + 20) as made:
        yield made


@pytest.fixture(scope="module")
def place(tmp_path_factory, caller, away):
    with demonstration(tmp_path_factory) as server:
        away.forward(urlsplit(server.url).port)
        opened = house(server, caller)
        try:
            yield opened
        finally:
            close(opened)


@pytest.fixture
def launched(playwright):
    """A browser of the participant's own."""
    opened = []

    def launch(executable=CHROMIUM, *options):
        args = ["--no-sandbox", *CAMERA, ALLOWED, *options]
        opened.append(playwright.chromium.launch(executable_path=str(executable), args=args))
        return opened[-1]

    yield launch
    for one in opened:
        one.close()


def test_a_switch_of_network(place, caller, away, launched, tmp_path):
    hers = launched(away.browser(tmp_path))
    with recorded_call(place, hers, caller) as (she, staff, room):
        she.page.wait_for_timeout(2000)
        away.switch()
        she.wait_was_said("The connection is lost.")
        back(she, staff)
        assert ended(place, staff, room, tmp_path) > 6


def test_a_locked_phone(place, caller, launched, tmp_path):
    hers = launched()
    with recorded_call(place, hers, caller) as (she, staff, room):
        she.page.wait_for_timeout(2000)
        with standing_still(hers):
            staff.wait_said("note", "has lost the connection")
            staff.page.wait_for_timeout(1000)
        back(she, staff)
        staff.wait_said("note", "is back.")
        assert ended(place, staff, room, tmp_path) > LOCKED


def test_another_headset(place, caller, launched, tmp_path):
    hers = launched(CHROMIUM, "--use-fake-device-for-media-stream=device-count=3")
    with recorded_call(place, hers, caller) as (she, staff, room):
        she.page.locator("summary", has_text="Change camera").click()
        select = she.page.get_by_label("Microphone", exact=True)
        first = select.input_value()
        others = [
            one for one in select.locator("option").evaluate_all("all => all.map(one => one.value)") if one != first
        ]
        assert others
        for device in (others[-1], first):
            she.page.wait_for_timeout(1500)
            select.select_option(device)
            she.page.wait_for_timeout(1500)
            assert select.input_value() == device
        she.page.evaluate(KEEP_GIVEN)
        select.select_option(others[-1])
        she.page.wait_for_function("window.given")
        she.page.evaluate("given.getTracks()[0].dispatchEvent(new Event('ended'))")  # as when it is unplugged
        she.wait_said("note", "A device was unplugged.")
        she.page.wait_for_timeout(2500)
        staff.sees_moving()
        assert ended(place, staff, room, tmp_path) > 8


def back(she, staff):
    for one in (she, staff):
        one.wait_said("status", "You are in the call.")
        one.wait_said("recording", "Recording")
    staff.sees_moving()
    she.sees_moving()
    she.page.wait_for_timeout(2000)


def ended(place, staff, room, folder):
    """Stop the recording; the participant's part is one whole film. Gives its length in seconds."""
    staff.act("record_stop")
    staff.wait_said("recording", "Recording stopped")
    with place.services.get(Database).reading() as session:
        vault = place.server.instance / "vault" / session.get_one(RoomRow, room.id).recording_id
    calls.wait_for(lambda: b'"closed"' in (vault / "manifest.jsonl").read_bytes(), staff.page)
    (part,) = vault.glob("p1-*.webm.age")
    film = folder / "p1.webm"
    with part.open("rb") as sealed, film.open("wb") as opened:
        decrypt(sealed, opened, [place.identity])
    streams = calls.probe(film)
    sound = streams["opus"]["times"]
    assert len(sound) * 0.02 == pytest.approx(
        sound[-1] - sound[0] + 0.02, abs=0.05
    )  # silence where none came, no drift
    assert streams["vp8"]["times"][-1] > sound[-1] - 3
    calls.decodes(film)
    assert loudest(film, since=sound[-1] - 2) > -50
    return sound[-1]


def loudest(film, since):
    """Decibels of the loudest moment from there on; the invented microphones beep twice a second."""
    command = ["ffmpeg", "-i", str(film), "-vn", "-af", f"atrim=start={since},volumedetect", "-f", "null", "-"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return float(re.search(r"max_volume: (\S+) dB", told)[1])
