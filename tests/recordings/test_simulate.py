"""The simulated recording is a real one: other programs read it, and its marks fall together."""

import io
import subprocess

import av
from click.testing import CliRunner

from portal.cli import portal
from portal.recordings import age, manifest
from portal.recordings.webm import Clusters
from tests.recordings.conftest import SECONDS


def opened(simulated, track):
    out = io.BytesIO()
    with (simulated.folder / f"{track}-1.webm.age").open("rb") as file:
        age.decrypt(file, out, [simulated.member])
    return out.getvalue()


def lines(simulated, kind):
    return [one for one in manifest.read((simulated.folder / manifest.FILE).read_bytes()) if one.kind == kind]


def test_age_and_ffprobe_accept_it(simulated_once, tmp_path):
    key = tmp_path / "key"
    key.write_text(simulated_once.recovery.encode(), encoding="ascii")
    for track in ("p1", "p2"):
        media = tmp_path / f"{track}.webm"
        subprocess.run(
            ["age", "-d", "-i", key, "-o", media, simulated_once.folder / f"{track}-1.webm.age"], check=True, timeout=60
        )
        probe = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", media]
        told = subprocess.run(probe, check=True, capture_output=True, text=True, timeout=60)
        assert (told.stdout.split(), told.stderr) == (["vp8", "opus"], "")


def test_flashes_fall_together_on_the_recordings_clock(simulated_once):
    for track, start in (("p1", 0.0), ("p2", 1.5)):
        with av.open(io.BytesIO(opened(simulated_once, track))) as container:
            bright = [
                float(frame.pts * frame.time_base) + start
                for frame in container.decode(video=0)
                if sum(bytes(frame.planes[0])[::997]) / len(bytes(frame.planes[0])[::997]) > 225
            ]
        seen = {round(at, 1) for at in bright}
        assert all(at % 5 < 0.3 or at % 5 > 4.9 for at in seen), seen
        assert {5, 10, 20} <= {round(at) for at in seen}


def test_the_index_leads_to_clusters_that_play(simulated_once):
    points = {track: [] for track in ("p1", "p2")}
    for line in lines(simulated_once, "index"):
        points[line.text("file")[:2]].append((line.number_in("byte"), line.number_in("ms")))
    for track, found in points.items():
        content = opened(simulated_once, track)
        assert len(found) >= SECONDS // 5
        for byte, ms in found:
            head, rest = content[: found[0][0]], content[byte:]
            with av.open(io.BytesIO(head + rest)) as container:
                packet = next(one for one in container.demux(video=0) if one.is_keyframe)
                assert packet.decode()
            assert float(packet.pts * packet.time_base) * 1000 == ms


def test_the_index_is_the_same_however_the_bytes_arrive(simulated_once):
    content = opened(simulated_once, "p1")
    whole = Clusters().feed(content)
    bit_by_bit = Clusters()
    pieces = [content[at : at + 7] for at in range(0, len(content), 7)]
    assert [point for piece in pieces for point in bit_by_bit.feed(piece)] == whole


def test_a_pause_stands_in_the_middle(simulated_once):
    (pause,), (resume,) = lines(simulated_once, "pause"), lines(simulated_once, "resume")
    with av.open(io.BytesIO(opened(simulated_once, "p1"))) as container:
        times = [float(packet.pts * packet.time_base) * 1000 for packet in container.demux() if packet.pts is not None]
    assert not [at for at in times if pause.number_in("ms") < at < resume.number_in("ms") - 1]


def test_it_works_from_the_command_line(tmp_path):
    identity = age.new_identity()
    command = [
        "recordings",
        "simulate",
        "--seconds",
        "2",
        "--to",
        str(tmp_path),
        "--recipient",
        str(identity.recipient),
    ]
    result = CliRunner().invoke(portal, command)
    assert result.exit_code == 0, result.output
    assert (tmp_path / result.output.strip().rsplit("/", 1)[1] / "p2-1.webm.age").is_file()


def test_it_tells_what_is_wrong_with_a_key(tmp_path):
    for wrong, told in (("age1qqqqqqqq", "check letters"), (age.new_identity().encode(), "secret key")):
        result = CliRunner().invoke(portal, ["recordings", "simulate", "--recipient", wrong, "--to", str(tmp_path)])
        assert result.exit_code == 1
        assert told in result.output
        assert wrong not in result.output
