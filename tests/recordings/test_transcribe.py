"""The transcription extra listens to real speech. `make test-transcribe` installs what this needs."""

import subprocess

import av
import pytest
from click.testing import CliRunner

from portal.cli import portal
from portal.recordings import age, manifest
from portal.recordings.domain import new_recording_id
from portal.recordings.manifest import Manifest
from portal.recordings.sink import Sink
from portal.recordings.vault import Files

pytest.importorskip("faster_whisper", reason="the transcription extra is not installed")

SPOKEN = {
    "p1": ("interviewer", 0, "en-gb", "Good morning. What did you have for breakfast today?"),
    "p2": ("participant", 6000, "en-gb+f3", "I had two eggs and a glass of orange juice."),
}


def webm_of(text, voice, folder):
    sound, media = folder / "voice.wav", folder / "voice.webm"
    subprocess.run(["espeak-ng", "-v", voice, "-s", "130", "-w", sound, text], check=True, timeout=60)
    with av.open(str(sound)) as source, av.open(str(media), "w", format="webm") as out:
        stream = out.add_stream("libopus", rate=48000, layout="mono")
        for frame in source.decode(audio=0):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return media.read_bytes()


def recorded(folder, key):
    recording = new_recording_id()
    place = Files(folder).new_folder(recording)
    writing = Manifest.create(place)
    prints = [key.recipient.fingerprint]
    writing.add("opened", format=manifest.FORMAT, recording=recording, room="r", study="0" * 64, recipients=prints)
    for track, (role, ms, voice, text) in SPOKEN.items():
        file = f"{track}-1.webm"
        writing.add("track", track=track, role=role, part=1, file=file, media="audio", codecs="opus", ms=ms)
        sink = Sink.create(place, file, [key.recipient])
        sink.write(webm_of(text, voice, folder))
        closed = sink.close()
        writing.add(
            "closed", file=file, ms=5000, chunks=closed.chunks, plaintext_bytes=closed.plaintext_bytes,
            bytes=closed.bytes, sha256=closed.sha256, payload_sha256=closed.payload_sha256,
        )  # fmt: skip
    writing.add("ended", ms=11000, why="test")
    writing.close()
    return place


def test_each_speakers_words_are_written_down_at_their_time(tmp_path):
    key, key_file = age.new_identity(), tmp_path / "key"
    key_file.write_text(key.encode(), encoding="ascii")
    place, to = recorded(tmp_path, key), tmp_path / "out"
    command = ["recordings", "export", str(place), "--identity", str(key_file), "--to", str(to), "--transcript"]
    result = CliRunner().invoke(portal, command)
    assert result.exit_code == 0, result.output
    rows = [line.split("\t") for line in (to / "transcript-nvivo.txt").read_text(encoding="utf-8").splitlines()[2:]]
    said = {speaker: "" for _, _, speaker in rows}
    for _, text, speaker in rows:
        said[speaker] += text.lower()
    assert list(said) == ["p1 interviewer", "p2 participant"]
    assert "breakfast" in said["p1 interviewer"]
    assert "orange juice" in said["p2 participant"]
    first = next(span for span, _, speaker in rows if speaker == "p2 participant")
    assert 5.5 < float(first.split(" - ")[0].removeprefix("0:")) < 7.5
    for name in ("transcript.vtt", "transcript-atlasti.txt"):
        assert "orange juice" in (to / name).read_text(encoding="utf-8").lower()
