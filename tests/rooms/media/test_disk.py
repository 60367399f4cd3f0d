"""A disk that refuses ends the recording with an alarm, and the call goes on."""

import asyncio
import json
import subprocess
import time

from bench.rooms.client import pump
from bench.rooms.ours import Ours


def test_a_full_disk_ends_the_recording_and_not_the_call(tmp_path):
    asyncio.run(_filled(tmp_path))


async def _filled(tmp_path) -> None:
    async with Ours(prefix=("prlimit", "--fsize=700000")) as ours:
        pair = await ours.room(0)
        for client in pair:
            client.heard = client.messages.append
            client.begin(time.monotonic())
        pumping = asyncio.create_task(pump(pair, time.monotonic() + 30))
        alarm = await pair[0].until(lambda one: one.get("code") == "recording_failed", 25)
        assert alarm["why"] in ("disk_full", "error")
        snapshot = await pair[0].until(lambda one: one["type"] == "room" and one["recording"]["state"] == "failed")
        assert snapshot["recording"]["written"] > 1
        before = [client.counts.received for client in pair]
        await asyncio.sleep(1.5)
        assert all(client.counts.received > had + 150 for client, had in zip(pair, before, strict=True))
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
        key = tmp_path / "key.txt"
        key.write_text(ours.study.identities[0].encode() + "\n")
        files = sorted((ours.instance / "vault").glob("*/*.webm.age"))
        assert len(files) == 2
        for path in files:
            opened = tmp_path / "opened.webm"
            with opened.open("wb") as out:
                subprocess.run(["age", "-d", "-i", str(key), str(path)], stdout=out, check=True)
            told = subprocess.run(
                ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "json", str(opened)],
                capture_output=True, check=True,
            )  # fmt: skip
            assert {one["codec_name"] for one in json.loads(told.stdout)["streams"]} == {"vp8", "opus"}
