"""What a test does in a room through browsers, and what it asks of the files that come out."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from portal.recordings.manifest import FILE, Line, read
from tests.support.rooms import Gate, Media, Study

PATIENCE = 60.0
"""Seconds that anything may take on a busy machine. Who waits goes on as soon as it is there."""


def enter(browser: Browser, gate: Gate, room: str, person: str, **more: str) -> Page:
    """Open the page and wait until she is connected."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    page.goto(gate.page(room, person, **more))
    page.wait_for_function("window.room?.snapshot")
    return page


def say(page: Page, kind: str, **fields: Any) -> None:
    page.evaluate("message => room.ask(message)", {"type": kind, **fields})


def until(page: Page, condition: str, *, seconds: float = PATIENCE) -> None:
    """Wait until the expression about `room` (and `s`, its snapshot) is true on the page."""
    page.wait_for_function(f"() => {{ const s = room.snapshot; return {condition} }}", timeout=seconds * 1000)


def both_in(browser: Browser, gate: Gate, room: str) -> tuple[Page, Page]:
    """An interviewer and an admitted participant who see each other."""
    interviewer = enter(browser, gate, room, "i1")
    participant = enter(browser, gate, room, "p1")
    until(interviewer, "s.waiting.length === 1")
    say(interviewer, "admit", person="p1")
    for page in (interviewer, participant):
        until(page, "s.people.filter(one => one.connected).length === 2")
        shows(page, 3)
    return interviewer, participant


def shows(page: Page, pictures: int, *, seconds: float = PATIENCE) -> None:
    """Wait until more than so many pictures of the other person have come on this connection."""
    page.wait_for_function(f"async () => await room.frames(0) > {pictures}", timeout=seconds * 1000)


def record(page: Page, seconds: float) -> None:
    say(page, "record_start")
    until(page, "s.recording.state === 'running'")
    page.wait_for_timeout(seconds * 1000)
    say(page, "record_stop")
    until(page, "s.recording.state === 'stopped'")


def manifest(media: Media, study: Study, room: str) -> list[Line]:
    return read((media.instance / "vault" / study.recordings[room] / FILE).read_bytes())


def due_seconds(lines: list[Line], file: str) -> float:
    """How long a file is that goes from its first moment to the end of the recording, by the recording's own clock."""
    begins = next(one for one in lines if one.kind == "track" and one.text("file") == file)
    stopped = [one for one in lines if one.kind == "pause"][-1]
    return (stopped.number_in("ms") - begins.number_in("ms")) / 1000


def wait_for(condition: Callable[[], object], page: Page, *, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        page.wait_for_timeout(100)


def decrypted(media: Media, study: Study, room: str, folder: Path) -> dict[str, Path]:
    """Every file of the recording, opened by Debian's age: name -> WebM."""
    key = folder / "key.txt"
    key.write_text(study.identities[0].encode() + "\n", encoding="ascii")
    found = {}
    for path in sorted((media.instance / "vault" / study.recordings[room]).glob("*.webm.age")):
        target = folder / path.stem
        more = path.with_name(path.name.replace(".age", ".more.age"))
        with target.open("wb") as file:
            for part in (path, more) if more.exists() else (path,):
                subprocess.run(["age", "-d", "-i", str(key), str(part)], stdout=file, check=True)
        found[path.stem] = target
    return found


def probe(path: Path, *, cut: bool = False) -> dict[str, dict[str, Any]]:
    """What ffprobe finds: codec -> stream with its packets' times in seconds. Fails where ffprobe complains, but of the
    end of a file that is `cut`.
    """
    answer = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_packets", str(path)],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    complaints(answer.stderr, cut=cut)
    found = json.loads(answer.stdout)
    streams = {one["index"]: one for one in found["streams"]}
    for one in streams.values():
        one["times"] = [float(p["pts_time"]) for p in found["packets"] if p["stream_index"] == one["index"]]
        one["keys"] = [
            float(p["pts_time"]) for p in found["packets"] if p["stream_index"] == one["index"] and "K" in p["flags"]
        ]
    return {one["codec_name"]: one for one in streams.values()}


def complaints(told: str, *, cut: bool) -> None:
    """Nothing is told, but of a file whose writer was killed: its last moment may be there in part."""
    known = "File ended prematurely" if cut else None
    assert [one for one in told.splitlines() if known is None or not one.endswith(known)] == []


def decodes(path: Path, *, cut: bool = False) -> None:
    """Every frame decodes without a complaint."""
    answer = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(path), "-fps_mode", "passthrough", "-enc_time_base:v", "1:1000",
         "-f", "null", "-"],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    complaints(answer.stderr, cut=cut)
