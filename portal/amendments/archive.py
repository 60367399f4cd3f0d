"""A study's files from a ZIP that somebody uploads: into a fresh folder, or not at all."""

import stat
import zipfile
from io import BytesIO
from pathlib import Path, PurePosixPath

from portal.amendments.errors import BadArchive

MOST_FILES = 200
MOST_BYTES = 10_000_000
"""Of all files together, as unpacked."""
_WANTED = (".yaml", ".md", ".png")
_CHUNK = 65_536


def unpack(data: bytes, folder: Path) -> Path:
    """Unpack what a study is made of; other files are left out. Gives the folder that holds study.yaml.

    Raises:
        BadArchive: with a reason that the uploader can do something about.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _write_all(archive, folder)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise BadArchive("This file is not a ZIP file that can be read. Make it anew, without a password.") from error
    found = [path for path in (folder, *sorted(folder.iterdir())) if (path / "study.yaml").is_file()]
    if not found:
        raise BadArchive("There is no study.yaml in the ZIP file, neither at its top nor in a folder at its top.")
    return found[0]


def _write_all(archive: zipfile.ZipFile, folder: Path) -> None:
    entries = archive.infolist()
    if len(entries) > MOST_FILES:
        raise BadArchive(f"There are more than {MOST_FILES} files in the ZIP file. Put in the study's folder alone.")
    left, seen = MOST_BYTES, set()
    for entry in entries:
        if entry.is_dir() or not entry.filename.endswith(_WANTED) or "__MACOSX" in entry.filename:
            continue
        path = _safe(entry)
        if path in seen:
            raise BadArchive(f"The ZIP file holds {path} twice.")
        seen.add(path)
        left -= _write(archive, entry, folder / path, left)


def _safe(entry: zipfile.ZipInfo) -> PurePosixPath:
    """The entry's path within the folder. Raises BadArchive for one that leads out, or is no plain file."""
    path = PurePosixPath(entry.filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    plain = all(part.isprintable() and part not in ("..", ".") and ":" not in part for part in path.parts)
    if path.is_absolute() or not plain or "\\" in entry.filename or len(path.parts) > 4 or len(entry.filename) > 200:
        raise BadArchive("A file in the ZIP file has a name or a folder that is not allowed.")
    if kind not in (0, stat.S_IFREG):
        raise BadArchive(f"{path.name} in the ZIP file is not a plain file.")
    return path


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, most: int) -> int:
    """Count what really comes out, since a ZIP may lie about sizes. Gives the number of bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(entry) as packed, path.open("xb") as out:
        while chunk := packed.read(_CHUNK):
            written += len(chunk)
            if written > most:
                raise BadArchive(f"The files are larger than {MOST_BYTES // 1_000_000} MB when unpacked.")
            out.write(chunk)
    return written
