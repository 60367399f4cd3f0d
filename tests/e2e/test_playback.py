"""The player in Chromium: in sync, seeking, notes, downloads, and every kind of damage named."""

import json
import subprocess
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from portal.recordings import age
from tests.e2e.house import serving
from tests.e2e.player import LATE, STEP, arrives, at_player, moment, playing, state, unlock
from tests.recordings.made import MINE, keyed, recorded, tape, team

pytestmark = pytest.mark.browser
IN_MEMORY = "window.showSaveFilePicker = undefined"  # as in browsers that cannot write straight to the disk


@pytest.fixture
def house(world):
    world.ids = team(world)
    keyed(world, *world.ids)
    world.recording = recorded(world)
    with serving(world) as made:
        yield made


def test_it_plays_side_by_side_in_sync_and_seeks(chromium, house):
    she = at_player(chromium, house)
    page = she.page
    she.check()
    asked = []
    page.on("request", lambda request: "/files/" in request.url and asked.append(request.headers.get("range")))
    unlock(she, "not her passphrase at all")
    expect(page.locator("[data-unlock] [data-error]")).to_contain_text("does not open your key")
    playing(she)
    arrives(she, 3)
    for kind in ("video", "audio"):
        first, second = state(she, kind)
        assert not first[1]
        assert not second[1]
        assert abs(first[0] - second[0] - LATE) < STEP, kind
    page.keyboard.press("k")
    page.wait_for_function("[...document.querySelectorAll('video, audio')].every(one => one.paused)")
    page.keyboard.press("l")
    assert moment(she) == 10
    page.keyboard.press("j")
    assert moment(she) == 0
    page.get_by_text("Pauses and gaps").click()
    page.locator("[data-mark-list] button").first.click()
    assert moment(she) == 5
    expect(page.get_by_text("Nothing recorded at this moment").first).to_be_visible()
    she.check()
    assert asked
    assert all(one and one.startswith("bytes=") for one in asked)
    assert page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    assert page.evaluate("caches.keys().then((all) => all.length)") == 0
    page.fill("[data-note-text]", "a planted note")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator("ol[data-notes]")).to_contain_text("a planted note")
    assert b"planted note" not in (house.world.settings.instance / "portal.sqlite3").read_bytes()
    page.reload()
    unlock(she)
    expect(page.locator("ol[data-notes]")).to_contain_text("a planted note")
    assert she.problems == []
    she.context.close()


def flip(folder):
    path = folder / "p1-1.webm.age"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(folder):
    path = folder / "p1-1.webm.age"
    path.write_bytes(path.read_bytes()[: 5 * age.SEALED])


def header(path):
    return age.header_at(lambda start, length: path.read_bytes()[start : start + length]).raw


def swap_headers(folder):
    one, other = folder / "p1-1.webm.age", folder / "p2-1.webm.age"
    first, second = header(one), header(other)
    bodies = one.read_bytes()[len(first) :], other.read_bytes()[len(second) :]
    one.write_bytes(second + bodies[0])
    other.write_bytes(first + bodies[1])


def reorder(folder):
    path = folder / "p1-1.webm.age"
    data, start = bytearray(path.read_bytes()), len(header(path)) + age.NONCE
    two, three = (slice(start + at * age.SEALED, start + (at + 1) * age.SEALED) for at in (2, 3))
    data[two], data[three] = data[three], data[two]
    path.write_bytes(data)


def foreign(folder):
    text = b"a file of somebody else" * 40_000
    sealed = subprocess.run(["age", "-r", str(MINE.recipient)], input=text, capture_output=True, check=True).stdout
    (folder / "p1-1.webm.age").write_bytes(sealed)


def rewrite_manifest(folder):
    path = folder / "manifest.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"kind":"pause"', b'"kind":"paused"'))


def exchange(folder):
    one, other = folder / "p1-1.webm.age", folder / "p2-1.webm.age"
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


BEFORE = {
    "truncated": (cut, "Interviewer: The file was cut"),
    "headers swapped": (swap_headers, "belongs to another file"),
    "foreign": (foreign, "another file stands in its place"),
    "not age": (lambda folder: (folder / "p1-1.webm.age").write_bytes(b"MZ" * 9000), "not one of our encrypted files"),
    "missing": (lambda folder: (folder / "p1-1.webm.age").unlink(), "Interviewer: The file is missing"),
    "exchanged": (exchange, "bytes are missing"),
    "manifest": (rewrite_manifest, "does not follow the one before"),
}


@pytest.mark.parametrize("case", BEFORE)
def test_what_is_wrong_is_named_before_anything_plays(chromium, house, case):
    damage, sentence = BEFORE[case]
    damage(house.world.settings.instance / "vault" / house.world.recording.id)
    she = at_player(chromium, house)
    unlock(she)
    expect(she.page.locator("[data-problem-list]")).to_contain_text(sentence)
    expect(she.page.get_by_text("Incomplete", exact=True)).to_be_visible()
    expect(she.page.locator("[data-controls]")).to_be_hidden()
    expect(she.page.get_by_role("button", name="Play what is whole")).to_be_visible()
    she.problems = [one for one in she.problems if "404" not in one]  # the browser notes that one is missing
    she.check()
    she.context.close()


@pytest.mark.parametrize(
    ("damage", "sentence"), [(flip, "of the file was changed"), (reorder, "Pieces were put in another order")]
)
def test_damage_inside_is_left_out_and_the_rest_plays(chromium, house, damage, sentence):
    damage(house.world.settings.instance / "vault" / house.world.recording.id)
    she = at_player(chromium, house)
    playing(she)
    expect(she.page.locator("[data-problem-list]")).to_contain_text(sentence)
    expect(she.page.locator("[data-problem-list]")).to_contain_text("left out")
    expect(she.page.get_by_text("Incomplete", exact=True)).to_be_visible()
    if she.page.inner_text("[data-toggle]") == "Play":  # the damage was found behind her press: it waits for her
        she.page.locator("[data-toggle]").click()
    expect(she.page.locator("[data-time]")).to_contain_text("0:10 /")
    assert she.page.locator("[data-play] [data-error]").is_hidden()
    she.context.close()


def test_a_key_that_the_recording_was_not_made_for(chromium, house):
    she = at_player(chromium, house)
    other = age.new_identity(age.Kind.X25519)
    she.page.get_by_text("Use a printed copy instead").click()
    she.page.fill("#printed-copy", other.encode().lower())
    she.page.get_by_role("button", name="Unlock with the printed copy").click()
    expect(she.page.locator("[data-unlock] [data-error]")).to_contain_text("was not locked for this key")
    she.page.fill("#printed-copy", MINE.encode())
    she.page.get_by_role("button", name="Unlock with the printed copy").click()
    expect(she.page.locator("[data-controls]")).to_be_visible()
    she.context.close()


def test_downloads_are_whole_and_go_on_after_a_broken_connection(chromium, world, tmp_path):
    with long_house(world) as house:
        she = at_player(chromium, house, IN_MEMORY)
        unlock(she)
        expect(she.page.locator("[data-controls]")).to_be_visible()
        person = broken_and_resumed(she, "Interviewer (WebM)", tmp_path / "person.webm")
        assert person.read_bytes() == plain(tape(LONG), tmp_path)
        joined = streams(taken(she, "Pictures and voices (MKV)", tmp_path / "all.mkv"))
        assert [one["codec_name"] for one in joined["streams"]] == ["vp8", "opus", "vp8", "opus"]
        starts = [float(one["start_time"]) for one in joined["streams"]]
        assert starts == pytest.approx([0, 0, 1.5, 1.5], abs=0.05)
        voices = streams(taken(she, "Voices only, for the transcriber (WAV)", tmp_path / "voices.wav"))
        assert (voices["streams"][0]["sample_rate"], voices["streams"][0]["channels"]) == ("16000", 1)
        assert float(voices["format"]["duration"]) == pytest.approx(LONG, abs=0.2)
        assert loudest(tmp_path / "voices.wav") > 1000
        she.page.locator("[data-checks] button").first.click()
        expect(she.page.locator("[data-play] [data-state]")).to_contain_text("every byte is as it was recorded")
        she.context.close()


LONG, PIECE = 60, 1 << 20
"""Seconds of a recording whose download takes several pieces of so many bytes, beyond what the player holds."""


@contextmanager
def long_house(world):
    keyed(world, *team(world))
    world.recording = recorded(world, tape(LONG))
    with serving(world) as made:
        yield made


def plain(made, folder):
    """The interviewer's file, opened by age itself."""
    (folder / "key").write_text(MINE.encode())
    command = ["age", "-d", "-i", str(folder / "key"), str(made / "p1-1.webm.age")]
    return subprocess.run(command, capture_output=True, check=True).stdout


def begins(request):
    """The first byte that is asked for."""
    return int(request.headers["range"].removeprefix("bytes=").split("-")[0])


def broken_and_resumed(she, name, path):
    """The connection is gone for everything behind the second piece, until she goes on."""
    page = she.page
    page.route("**/files/**", lambda route: route.abort() if begins(route.request) > 2 * PIECE else route.continue_())
    page.get_by_role("button", name=name).click()
    expect(page.locator("[data-play] [data-error]")).to_contain_text("did not answer")
    page.unroute("**/files/**")
    she.problems.clear()
    asked = []
    page.on("request", lambda request: "/files/" in request.url and asked.append(begins(request)))
    taken(she, "Go on with the download", path)
    assert asked, "the rest was fetched"
    assert min(asked) > 2 * PIECE, "what had come was not fetched again"
    return path


def taken(she, name, path):
    with she.page.expect_download() as download:
        she.page.get_by_role("button", name=name).click()
    download.value.save_as(path)
    assert "incomplete" not in download.value.suggested_filename
    return path


def test_what_is_whole_of_a_damaged_file_is_saved_and_marked(chromium, house, tmp_path):
    flip(house.world.settings.instance / "vault" / house.world.recording.id)
    she = at_player(chromium, house, IN_MEMORY)
    unlock(she)
    expect(she.page.locator("[data-controls]")).to_be_visible()
    she.page.get_by_role("button", name="Interviewer (WebM)").click()
    expect(she.page.locator("[data-play] [data-error]")).to_contain_text("of the file was changed")
    with she.page.expect_download() as download:
        she.page.get_by_role("button", name="Save what is whole").click()
    assert download.value.suggested_filename.endswith("-incomplete.webm")
    download.value.save_as(tmp_path / "rest.webm")
    assert [one["codec_name"] for one in streams(tmp_path / "rest.webm")["streams"]] == ["vp8", "opus"]
    whole = plain(tape(), tmp_path)
    rest = (tmp_path / "rest.webm").read_bytes()
    assert 0.4 * len(whole) < len(rest) < len(whole) - age.CHUNK
    assert whole.startswith(rest[: 3 * age.CHUNK])
    assert whole.endswith(rest[-age.CHUNK :])
    she.context.close()


def test_a_cancelled_download_leaves_nothing_and_another_is_whole(chromium, world, tmp_path):
    with long_house(world) as house:
        she = at_player(chromium, house)
        page, name = she.page, "Pictures and voices (MKV)"
        page.evaluate(TO_DISK)
        unlock(she)
        expect(page.locator("[data-controls]")).to_be_visible()
        held = []

        def hold(route):
            if begins(route.request) > 2 * PIECE:
                held.append(route)  # the rest of the file does not come before she cancels
            else:
                route.continue_()

        page.route("**/files/**", hold)
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("button", name="Cancel")).to_be_visible()
        while not held:
            page.wait_for_timeout(50)
        page.get_by_role("button", name="Cancel").click()
        for one in held:
            one.continue_()
        page.unroute("**/files/**")
        expect(page.locator("[data-play] [data-error]")).to_contain_text("Stopped. Nothing was kept.")
        expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
        assert page.evaluate(ON_DISK) == [0]
        page.get_by_role("button", name=name).click()
        expect(page.locator("[data-play] [data-state]")).to_contain_text("not encrypted")
        (size,) = page.evaluate(ON_DISK)
        assert size > 2 * PIECE
        she.context.close()


TO_DISK = """() => { window.showSaveFilePicker = async ({ suggestedName }) =>
  (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true }); }"""
"""The browser's dialogue, which nobody can press here: its answer is a real file of the browser's own."""
ON_DISK = """async () => { const sizes = [];
  for await (const [, one] of await navigator.storage.getDirectory()) sizes.push((await one.getFile()).size);
  return sizes; }"""


def streams(path):
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", str(path)]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def loudest(path):
    data = path.read_bytes()[1000:]
    return max(abs(int.from_bytes(data[at : at + 2], "little", signed=True)) for at in range(0, len(data) - 2, 2))
