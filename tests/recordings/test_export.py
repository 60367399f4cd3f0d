"""A recording on the desk: whole and joined, or named for what is wrong with it, never half as whole."""

import hashlib
import io
import os
import shutil
import subprocess

import av
import pytest
from click.testing import CliRunner

from portal.cli import portal
from portal.cli.recordings import transcripts
from portal.cli.recordings.transcripts import Utterance
from portal.db.engine import Database
from portal.recordings import age, manifest
from portal.recordings.age import CHUNK, SEALED, Kind
from portal.recordings.catalogue import Catalogue
from tests.recordings.conftest import SECONDS


@pytest.fixture
def key_file(tmp_path, simulated):
    path = tmp_path / "key.txt"
    path.write_text(simulated.member.encode(), encoding="ascii")
    return path


def run(recording, key_file, to, *more):
    command = ["recordings", "export", str(recording), "--identity", str(key_file), "--to", str(to), *more]
    return CliRunner().invoke(portal, command)


def probed(path):
    entries = "stream=codec_name:format=duration"
    command = ["ffprobe", "-v", "error", "-show_entries", entries, "-of", "csv=p=0", str(path)]
    *codecs, duration = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.split()
    return codecs, float(duration)


def packet_hashes(path):
    """What each stream holds, whatever it is wrapped in."""
    with av.open(str(path)) as container:
        found = {}
        for packet in container.demux():
            if packet.size:
                found.setdefault(packet.stream.index, hashlib.sha256()).update(bytes(packet))
    return [one.hexdigest() for one in found.values()]


def test_a_folder_becomes_one_file_of_all_tracks_without_a_portal(simulated, key_file, tmp_path):
    to = tmp_path / "out"
    result = run(simulated.folder, key_file, to, "--mp4", "--audio", "wav", "--audio", "mp3")
    assert result.exit_code == 0, result.output
    assert "Whole." in result.output
    codecs, duration = probed(to / "recording.mkv")
    assert (codecs, abs(duration - SECONDS) < 0.1) == (["vp8", "opus", "vp8", "opus"], True)
    tracks = [*packet_hashes(to / "p1-1.webm"), *packet_hashes(to / "p2-1.webm")]
    assert sorted(packet_hashes(to / "recording.mkv")) == sorted(tracks), "joined without encoding anew"
    assert probed(to / "recording.mp4")[0] == ["h264", "aac"]
    for name in ("recording.mp4", "sound.wav", "sound.mp3"):
        assert abs(probed(to / name)[1] - SECONDS) < 0.2, name
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=to, check=True, timeout=60)
    assert {path.name for path in to.iterdir()} - {"SHA256SUMS"} == {
        line.split()[1] for line in (to / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    }
    assert all(path.stat().st_mode & 0o077 == 0 for path in to.iterdir())


def test_everybodys_beeps_fall_together_in_the_mixed_sound(simulated, key_file, tmp_path):
    run(simulated.folder, key_file, tmp_path / "out", "--audio", "wav")
    with av.open(str(tmp_path / "out" / "sound.wav")) as container:
        loud, resampler = [], av.AudioResampler(format="s16", layout="mono", rate=8000)
        samples = b"".join(
            bytes(one.planes[0])[: one.samples * 2] for frame in container.decode() for one in resampler.resample(frame)
        )
    for at in range(0, len(samples), 800):
        window = memoryview(samples[at : at + 800]).cast("h")
        if max(window) > 6000:
            loud.append(at / 16000)
    assert {round(at, 1) for at in loud} <= {
        mark + more for mark in (0.0, 5.0, 10.0, 20.0) for more in (0.0, 0.1, 0.2)
    } | {4.9, 9.9, 14.9, 15.0, 15.1, 15.2, 19.9}
    assert {5, 10, 20} <= {round(at) for at in loud}


def test_a_recording_of_the_portal_is_exported_by_its_name(world, simulated, key_file, tmp_path, monkeypatch):
    shutil.copytree(simulated.root, world.settings.instance / "vault", dirs_exist_ok=True)
    world.get(Catalogue).run()
    world.get(Database).dispose()
    monkeypatch.setenv("PORTAL_INSTANCE", str(world.settings.instance))
    monkeypatch.setenv("PORTAL_DEMONSTRATION", "yes")
    result = run(simulated.folder.name, key_file, tmp_path / "out")
    assert result.exit_code == 0, result.output
    result = run("a" * 26, key_file, tmp_path / "other")
    assert (result.exit_code, "no such recording" in result.output) == (1, True)


def test_what_a_crash_left_is_joined(simulated, key_file, tmp_path):
    """The same media as two files: what recovery completed, and what goes on behind it."""
    folder, name = simulated.folder, "p1-1.webm"
    media = io.BytesIO()
    with (folder / f"{name}.age").open("rb") as file:
        age.decrypt(file, media, [simulated.member])
    cut = media.getvalue()[: 3 * CHUNK], media.getvalue()[3 * CHUNK :]
    for content, path in zip(cut, (folder / f"{name}.age", folder / f"{name}.more.age"), strict=True):
        with path.open("wb") as file:
            age.encrypt(io.BytesIO(content), file, [simulated.member.recipient])
    rewrite(folder, name, more=f"{name}.more.age")
    result = run(folder, key_file, tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / name).read_bytes() == media.getvalue()


def rewrite(folder, name, *, more):
    """The manifest as it would be after a crash: the file recovered instead of closed."""
    lines = manifest.read((folder / manifest.FILE).read_bytes())
    path = folder / f"{name}.age"
    (folder / manifest.FILE).unlink()
    writing = manifest.Manifest.create(folder)
    for line in lines:
        if line.kind == "closed" and line.text("file") == name:
            payload = hashlib.sha256(path.read_bytes()[header_length(path) :]).hexdigest()
            writing.add(
                "recovered", file=name, bytes=path.stat().st_size, payload_sha256=payload, more=more,
                more_sha256=hashlib.sha256((folder / more).read_bytes()).hexdigest(), problem="",
            )  # fmt: skip
        else:
            writing.add(line.kind, **line.fields)
    writing.close()


def header_length(path):
    return len(age.header_at(lambda at, n: path.read_bytes()[at : at + n]).raw)


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def swap_headers(folder):
    one, two = folder / "p1-1.webm.age", folder / "p2-1.webm.age"
    contents = one.read_bytes(), two.read_bytes()
    cut = header_length(one), header_length(two)
    one.write_bytes(contents[1][: cut[1]] + contents[0][cut[0] :])


def reorder(folder):
    path = folder / "p1-1.webm.age"
    content, start = path.read_bytes(), header_length(path) + age.NONCE
    first, second = content[start + SEALED : start + 2 * SEALED], content[start + 2 * SEALED : start + 3 * SEALED]
    path.write_bytes(content[: start + SEALED] + second + first + content[start + 3 * SEALED :])


def cut_at(folder, chunks):
    path = folder / "p1-1.webm.age"
    os.truncate(path, header_length(path) + age.NONCE + chunks * SEALED)


def same_size(content, size):
    return content[:size] + bytes(max(0, size - len(content)))


def replace_by(folder, content):
    path = folder / "p1-1.webm.age"
    path.write_bytes(same_size(content, path.stat().st_size))


def foreign(folder, simulated):
    """A whole age file to the right keys, of the right size, with something else in it."""
    path = folder / "p1-1.webm.age"
    size = path.stat().st_size
    overhead = header_length(path) + age.NONCE
    plain = age.plaintext_size(size - overhead)
    with path.open("wb") as file:
        age.encrypt(io.BytesIO(bytes(plain)), file, [simulated.member.recipient, simulated.recovery.recipient])
    assert path.stat().st_size == size


BAD = {
    "bit-flipped": (lambda f, s: flip(f / "p1-1.webm.age", 100_000), "chunk 1 was altered"),
    "bit-flipped header": (lambda f, s: flip(f / "p1-1.webm.age", 40), "p1-1.webm.age"),
    "truncated between chunks": (lambda f, s: cut_at(f, 3), "p1-1.webm.age has"),
    "header swapped": (lambda f, s: swap_headers(f), "header belongs to another file"),
    "chunks reordered": (lambda f, s: reorder(f), "chunks were reordered: chunk 2 stands where chunk 1 belongs"),
    "not an age file": (lambda f, s: replace_by(f, b"GIF89a"), "this is not an age file"),
    "foreign age file": (foreign, "an intact file, but not the one that the manifest names"),
    "missing track": (lambda f, s: (f / "p2-1.webm.age").unlink(), "p2-1.webm.age is missing"),
    "manifest altered": (lambda f, s: flip(f / manifest.FILE, 700), "of the manifest"),
    "manifest cut": (lambda f, s: os.truncate(f / manifest.FILE, 900), "cut off"),
    "manifest missing": (lambda f, s: (f / manifest.FILE).unlink(), "the manifest is missing"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_named_and_nothing_is_left(simulated, key_file, tmp_path, what):
    spoil, told = BAD[what]
    spoil(simulated.folder, simulated)
    result = run(simulated.folder, key_file, tmp_path / "out")
    assert result.exit_code == 1
    assert told in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", list(Kind))
def test_a_wrong_key_is_named_and_cannot_rescue(simulated, tmp_path, kind):
    key = tmp_path / "key"
    key.write_text(age.new_identity(kind).encode(), encoding="ascii")
    for more in ((), ("--rescue",)):
        result = run(simulated.folder, key, tmp_path / "out", *more)
        assert (result.exit_code, "this key does not open the file" in result.output) == (1, True)
    key.write_text("AGE-SECRET-KEY-1QQQQ", encoding="ascii")
    result = run(simulated.folder, key, tmp_path / "out")
    assert (result.exit_code, "line 1 of the key file" in result.output) == (1, True)
    assert not (tmp_path / "out").exists()


RESCUED = ["bit-flipped", "truncated between chunks", "chunks reordered", "missing track", "header swapped"]


@pytest.mark.parametrize("what", RESCUED)
def test_what_can_be_had_is_rescued_and_marked(simulated, key_file, tmp_path, what):
    BAD[what][0](simulated.folder, simulated)
    to = tmp_path / "out"
    result = run(simulated.folder, key_file, to, "--rescue", "--audio", "wav")
    assert result.exit_code == 3, result.output
    assert "RESCUED, not whole" in result.output
    names = {path.name for path in to.iterdir()}
    assert "recording.mkv" not in names
    assert {"RESCUED-recording.mkv", "RESCUED-sound.wav", "report.txt"} <= names
    report = (to / "report.txt").read_text(encoding="utf-8")
    assert "p2-1.webm.age is missing" in report if what == "missing track" else "p1-1.webm" in report
    if what == "bit-flipped":
        assert "65536 bytes from byte 65536 are lost" in report
        whole = packet_hashes(to / "RESCUED-p1-1.webm")
        assert len(whole) == 2
        with av.open(str(to / "RESCUED-p1-1.webm")) as container:
            last = max(packet.pts for packet in container.demux() if packet.pts is not None)
        assert last > (SECONDS - 1) * 1000, "what follows the damage is there"


def test_a_folder_that_is_there_is_not_written_into(simulated, key_file, tmp_path):
    result = run(simulated.folder, key_file, tmp_path)
    assert (result.exit_code, "is there already" in result.output) == (1, True)
    assert key_file.exists()


SPOKEN = [
    Utterance(3661.25, 3663.5, "p2 participant", " Yes, <I> did & more. "),
    Utterance(0.5, 2.0, "p1 interviewer", "How are\nyou?"),
    Utterance(5.0, 5.0, "p1 interviewer", "  "),
]


def test_transcripts_are_in_order_marked_as_drafts_and_in_each_programs_form():
    spoken = transcripts.in_order(SPOKEN)
    assert transcripts.vtt(spoken).split("\n") == [
        "WEBVTT", "", f"NOTE {transcripts.DRAFT}", "", "00:00:00.500 --> 00:00:02.000",
        "<v p1 interviewer>How are you?", "", "01:01:01.250 --> 01:01:03.500",
        "<v p2 participant>Yes, &lt;I&gt; did &amp; more.", "",
    ]  # fmt: skip
    assert transcripts.nvivo(spoken).split("\n") == [
        "Timespan\tContent\tSpeaker", f"0:00.0 - 0:00.0\t{transcripts.DRAFT}\t",
        "0:00.5 - 0:02.0\tHow are you?\tp1 interviewer",
        "1:01:01.2 - 1:01:03.5\tYes, <I> did & more.\tp2 participant", "",
    ]  # fmt: skip
    assert transcripts.atlas(spoken).split("\n\n")[2:] == [
        "p1 interviewer: How are you? #00:00:02-0#", "p2 participant: Yes, <I> did & more. #01:01:03-5#\n",
    ]  # fmt: skip
    assert transcripts.atlas(spoken).startswith(transcripts.DRAFT)


def test_without_the_extra_a_transcript_is_refused_before_anything_is_opened(
    simulated, key_file, tmp_path, monkeypatch
):
    monkeypatch.setitem(__import__("sys").modules, "faster_whisper", None)
    result = run(simulated.folder, key_file, tmp_path / "out", "--transcript")
    assert (result.exit_code, "make transcribe" in result.output) == (1, True)
    assert not (tmp_path / "out").exists()
