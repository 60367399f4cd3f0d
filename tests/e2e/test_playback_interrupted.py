"""The player where an interview did not go smoothly: cameras that were off, crashes, and what a browser lacks."""

import subprocess

import pytest
from playwright.sync_api import expect

from portal.recordings.catalogue import Catalogue
from portal.recordings.service import RecordingService
from tests.e2e.house import serving
from tests.e2e.player import LATE, arrives, at_player, playing, plays, state, unlock
from tests.recordings.made import MINE, RECOVERY, keyed, recorded, team
from tests.recordings.tapes import camera_off, crashed, gone_on

pytestmark = pytest.mark.browser
KEYS = [MINE.recipient, RECOVERY.recipient]


@pytest.fixture
def house(world):
    keyed(world, *team(world))
    with serving(world) as made:
        yield made


def test_a_voice_goes_on_while_the_camera_is_off(chromium, house, tmp_path):
    house.world.recording = recorded(house.world, camera_off(tmp_path / "made", KEYS, 18, off=2, on=11))
    she = at_player(chromium, house)
    playing(she)
    arrives(she, 6)
    assert plays(she, "audio", 0, 0)
    assert plays(she, "audio", 1, LATE)
    assert all(paused for _, paused in state(she, "video"))
    expect(she.page.get_by_text("No picture at this moment")).to_have_count(2)
    she.page.locator("[data-line]").fill("14")  # where the next whole picture is
    arrives(she, 15)
    assert plays(she, "video", 0, 0)
    assert plays(she, "audio", 0, 0)
    assert she.problems == []
    she.context.close()


def test_what_a_crash_left_plays_to_its_end_and_is_downloaded(chromium, house, tmp_path):
    folder = crashed(tmp_path / "made", KEYS, 9)
    house.world.recording = recorded(house.world, folder)
    left = house.world.settings.instance / "vault" / folder.name
    assert (left / "p1-1.webm.more.age").exists(), "the crash came within a chunk"
    she = at_player(chromium, house, "window.showSaveFilePicker = undefined")
    unlock(she)
    problems = she.page.locator("[data-problem-list]")
    expect(problems).to_contain_text("A crash cut this short")
    expect(she.page.locator("[data-time]")).to_contain_text("/ 0:08")  # a second at most is lost
    expect(she.page.get_by_text("Incomplete", exact=True)).to_be_hidden()
    she.check()
    she.page.locator("[data-line]").fill("7")
    she.page.locator("[data-toggle]").click()
    arrives(she, 8)
    with she.page.expect_download() as download:
        she.page.get_by_role("button", name="Interviewer (WebM)").click()
    download.value.save_as(tmp_path / "person.webm")
    (tmp_path / "key").write_text(MINE.encode())
    whole = b"".join(opened(tmp_path / "key", left / f"p1-1.webm.{one}") for one in ("age", "more.age"))
    assert (tmp_path / "person.webm").read_bytes() == whole
    she.context.close()


def opened(key, path):
    return subprocess.run(["age", "-d", "-i", str(key), str(path)], capture_output=True, check=True).stdout


def test_a_second_part_after_a_crash_plays_in_its_place(chromium, house, tmp_path):
    folder = crashed(tmp_path / "made", KEYS, 4)
    world = house.world
    recorded(world, folder)
    gone_on(world.settings.instance / "vault" / folder.name, KEYS, begins_ms=8_000, seconds=6)
    world.get(Catalogue).run()
    world.recording = world.get(RecordingService).recording(folder.name)
    she = at_player(chromium, house, "window.showSaveFilePicker = undefined")
    playing(she)
    arrives(she, 2)
    assert plays(she, "audio", 1, 0), "each person's later part stands before the earlier one"
    arrives(she, 6)
    assert all(paused for _, paused in state(she, "audio")), "nothing was recorded between the parts"
    expect(she.page.get_by_text("Not in the call at this moment").first).to_be_visible()
    arrives(she, 11)
    assert plays(she, "audio", 0, 8)
    assert plays(she, "audio", 2, 8 + LATE)
    for name, path in (("Interviewer 2 (WebM)", "two.webm"), ("Pictures and voices (MKV)", "all.mkv")):
        with she.page.expect_download() as download:
            she.page.get_by_role("button", name=name).click()
        download.value.save_as(tmp_path / path)
    assert lengths(tmp_path / "two.webm")[-1] == pytest.approx(6, abs=0.3)
    times = lengths(tmp_path / "all.mkv")
    assert times[-1] == pytest.approx(14, abs=0.3)
    assert not [one for one in times if 5 < one < 7.9], "the second part follows at its own time"
    she.context.close()


def lengths(path):
    """The times of all packets in seconds, in order."""
    command = ["ffprobe", "-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return sorted(float(one.strip(",")) for one in done.stdout.split() if one.strip(",") != "N/A")


def test_a_browser_that_cannot_play_says_so_and_still_downloads(chromium, house, tmp_path):
    house.world.recording = recorded(house.world)
    lacks = "delete window.MediaSource; delete window.ManagedMediaSource; window.showSaveFilePicker = undefined"
    she = at_player(chromium, house, lacks)
    unlock(she)
    error = she.page.locator("[data-play] [data-error]")
    expect(error).to_contain_text("Open this page in a current Chrome, Edge or Firefox")
    expect(she.page.locator("[data-controls]")).to_be_hidden()
    she.check()
    with she.page.expect_download() as download:
        she.page.get_by_role("button", name="Participant (WebM)").click()
    download.value.save_as(tmp_path / "person.webm")
    assert lengths(tmp_path / "person.webm")[-1] == pytest.approx(8.5, abs=0.2)
    she.context.close()
