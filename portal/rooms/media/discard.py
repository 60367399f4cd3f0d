"""A withdrawal that discards: the person's files are destroyed at once."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from portal.recordings import manifest
from portal.recordings.files import overwrite_start
from portal.recordings.manifest import Manifest
from portal.rooms.media.failures import as_writer_failed
from portal.rooms.media.recorded import Progress

FOLDER = re.compile(r"[a-z2-7]{26}")
"""What the folder of a recording is called."""


def discard_person(folder: Path, person: str, clock: Callable[[], datetime]) -> Progress:
    """Consent is withdrawn: mark the recording as one to be destroyed, and destroy this person's files at once.

    Nobody may be writing the recording. Raises WriterFailed; may then be called again.
    """
    progress = Progress()
    if not FOLDER.fullmatch(folder.name) or not (folder / manifest.FILE).exists():
        return progress
    with as_writer_failed():
        lines = Manifest.resume(folder, clock)
        try:
            lines.add("discarded", why="consent withdrawn")
        finally:
            lines.close()
        for path in sorted(folder.glob(f"{person}-*.webm*")):
            overwrite_start(path)
            path.unlink()
            if path.name.endswith(".webm.age"):
                facts: dict[str, str | int | float] = {"recording": folder.name, "person": person, "file": path.stem}
                progress.journal.append(("part_discarded", facts))
    return progress
