"""Simulated interviews in which something happens. Run as a program, it dies in the middle of one."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from unittest import mock

from portal.cli.recordings.studio import Look, Packet, packets
from portal.recordings import age, manifest
from portal.settings import ROOT

simulate = import_module("portal.cli.recordings.simulate")  # the package gives the command of this name away


def crashed(root: Path, recipients: list[age.Recipient], seconds: float) -> Path:
    """The folder of a recording whose writer was killed after so many seconds. Nobody has touched it since."""
    command = [sys.executable, "-m", "tests.recordings.tapes", str(root), str(seconds), *map(str, recipients)]
    done = subprocess.run(command, cwd=ROOT, check=False, timeout=100)
    assert done.returncode == -signal.SIGKILL
    (folder,) = root.iterdir()
    return folder


def gone_on(folder: Path, recipients: list[age.Recipient], begins_ms: int, seconds: float) -> None:
    """A second part of everybody, which begins at this moment of the recording."""
    with tempfile.TemporaryDirectory() as elsewhere:
        other = simulate.make(Path(elsewhere), recipients, seconds)
        lines = manifest.read((other / manifest.FILE).read_bytes())
        for path in other.glob("*-1.webm.age"):
            path.rename(folder / path.name.replace("-1.", "-2."))
    writing = manifest.Manifest.resume(folder)
    writing.add("part", part=2, ms=begins_ms)
    for line in lines:
        fields = {name: line.fields[name] for name in manifest.KINDS[line.kind]}
        if "file" in fields:
            fields["file"] = fields["file"].replace("-1.", "-2.")
        if line.kind == "track":
            fields |= {"part": 2, "ms": begins_ms + fields["ms"]}
        if line.kind in ("track", "index", "closed"):
            writing.add(line.kind, **fields)
    writing.add("ended", ms=begins_ms + round(seconds * 1000), why="the interviewer stopped it")
    writing.close()


def camera_off(root: Path, recipients: list[age.Recipient], seconds: float, off: float, on: float) -> Path:
    """Everybody's camera is off for a while; their microphones are not."""

    def kept(look: Look, length: float) -> Iterator[tuple[float, Packet]]:
        waits = False
        for at, packet in packets(look, length):
            dark = packet.video and off <= at < on
            waits = dark or (waits and not (packet.video and packet.keyframe))
            if not packet.video or not waits:
                yield at, packet

    with mock.patch.object(simulate, "packets", kept):
        return simulate.make(root, recipients, seconds)


def _die(seconds: float) -> None:
    def until(look: Look, length: float) -> Iterator[tuple[float, Packet]]:
        for at, packet in packets(look, length):
            if at >= seconds:
                os.kill(os.getpid(), signal.SIGKILL)
            yield at, packet

    simulate.packets = until


if __name__ == "__main__":
    _die(float(sys.argv[2]))
    simulate.make(Path(sys.argv[1]), [age.parse_recipient(one) for one in sys.argv[3:]], 60)
