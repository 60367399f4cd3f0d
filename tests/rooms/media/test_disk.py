"""A disk that refuses ends the recording with an alarm, and the call goes on."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.rooms.client import pump, receive
from bench.rooms.ours import Ours
from tests.support import calls


def test_a_full_disk_ends_the_recording_and_not_the_call(tmp_path):
    asyncio.run(_filled(tmp_path))


@contextmanager
def small_disk(path: Path) -> Iterator[None]:
    """A file system of 2.5 MB. Needs root, and says so."""
    path.mkdir(parents=True, mode=0o700, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2500k,mode=700", "tmpfs", str(path)], capture_output=True, check=False
    )
    assert made.returncode == 0, f"this test must be able to mount: {made.stderr.decode()}"
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


async def _filled(tmp_path) -> None:
    ours = Ours()
    with small_disk(ours.instance / "vault"):
        async with ours:
            await _recorded(ours, tmp_path)


async def _recorded(ours: Ours, tmp_path: Path) -> None:
    pair = await ours.room(0)
    for client in pair:
        client.heard = client.messages.append
        client.begin(time.monotonic())
    pumping = asyncio.create_task(pump(pair, time.monotonic() + 200))
    alarm = await pair[0].until(lambda one: one.get("code") == "recording_failed")
    assert alarm["why"] == "disk_full"
    snapshot = await pair[0].until(lambda one: one["type"] == "room" and one["recording"]["state"] == "failed")
    assert snapshot["recording"]["written"] > 1
    await receive(pair, 150)
    assert all(client.counts.gaps == 0 for client in pair)
    pumping.cancel()
    await asyncio.gather(pumping, return_exceptions=True)
    for client in pair:
        await client.close()
    journal = ours.media.journal("room0")
    assert [one["event"] for one in journal if one["event"].startswith("recording")] == [
        "recording_started",
        "recording_failed",
    ]
    await asyncio.to_thread(_check_files, ours, tmp_path)


def _check_files(ours: Ours, tmp_path: Path) -> None:
    files = calls.decrypted(ours.media, ours.study, "room0", tmp_path)
    assert set(files) == {"i1-1.webm", "p1-1.webm"}
    for path in files.values():
        assert set(calls.probe(path)) == {"vp8", "opus"}
