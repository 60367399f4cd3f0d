"""The sponsor's logo: a small PNG beside study.yaml, which becomes a part of the study's content."""

import base64
import struct
from pathlib import Path

from portal.study.errors import Problem, StudyFileError
from portal.study.yaml_nodes import Parsed

LARGEST = 100_000
WIDEST, HIGHEST = 1200, 600
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def put_in(folder: Path, main: Parsed) -> None:
    """Put the picture in the place of its file's name. Raises StudyFileError."""
    sponsor = main.value.get("sponsor")
    if not isinstance(sponsor, dict) or not sponsor.get("logo"):
        return
    name, line = str(sponsor["logo"]), main.line(("sponsor", "logo"))
    if Path(name).name != name:
        raise _wrong(line, "name a file that lies beside study.yaml, such as logo.png")
    try:
        data = (folder / name).read_bytes() if (folder / name).stat().st_size <= LARGEST else None
    except OSError as error:
        raise _wrong(line, f"{name!r} cannot be read: {error.strerror}") from error
    if data is None:
        raise _wrong(line, f"the picture is larger than {LARGEST // 1000} kB: make it smaller")
    if not _is_png(data):
        raise _wrong(line, f"the picture must be a PNG file of at most {WIDEST} by {HIGHEST} dots")
    sponsor["logo"] = base64.b64encode(data).decode("ascii")


def _is_png(data: bytes) -> bool:
    if len(data) < 33 or data[:8] != _SIGNATURE or data[12:16] != b"IHDR":
        return False
    width, height = struct.unpack(">II", data[16:24])
    return bool(0 < width <= WIDEST and 0 < height <= HIGHEST)


def _wrong(line: int, what: str) -> StudyFileError:
    return StudyFileError([Problem("study.yaml", line, f"sponsor.logo: {what}")])
