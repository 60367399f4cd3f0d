"""A backup set: a folder of encrypted files and what it says of itself.

```
DIR/2026-11-24-020000/manifest.json   what is here, with hashes; no personal data
DIR/2026-11-24-020000/data.age        tar of the database's copy and the rooms' event files
DIR/2026-11-24-020000/keys.age        tar of instance/keys as it was, but for the personal keys
DIR/personal-keys.age                 tar of the personal keys: only ever the newest (docs/adr/0005)
DIR/vault/<recording>/…               recordings, which are encrypted already; what was destroyed goes here too
```
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from portal.canonical import canonical_json, sha256_hex
from portal.operations.errors import BackupDamaged, BackupForeign

NAME = re.compile(r"\d{4}-\d{2}-\d{2}-\d{6}")
MANIFEST, DATA, KEYS, PERSONAL = "manifest.json", "data.age", "keys.age", "personal-keys.age"
VAULT = "vault"
_FORMAT = 1


@dataclass(frozen=True)
class FileFacts:
    """A file's size and SHA-256 (hex)."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a set says of itself.

    Attributes:
        database: "sqlite" or "postgresql".
        schema: the revision of the database's schema.
        events, head: the audit chain's length and last hash when the copy was about to be made.
        files: of the set's folder, by name.
        recordings: how many recordings the vault beside the sets held.
    """

    name: str
    made_at: str
    database: str
    schema: str
    events: int
    head: str
    files: dict[str, FileFacts]
    recordings: int
    format: int = _FORMAT

    def to_json(self) -> bytes:
        """As `read` reads it."""
        return canonical_json(asdict(self))

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the written manifest: the audit event of a backup carries it."""
        return sha256_hex(self.to_json())

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The manifest of a set. Raises BackupForeign, BackupDamaged."""
        try:
            text = (folder / MANIFEST).read_text(encoding="utf-8")
        except OSError as error:
            raise BackupForeign(f"{folder} is not a backup of the portal: it has no {MANIFEST}") from error
        try:
            data = json.loads(text)
            files = {str(name): FileFacts(**facts) for name, facts in data.pop("files").items()}
            made = cls(files=files, **data)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BackupDamaged(f"{MANIFEST} cannot be read: it was altered or cut") from error
        if made.format != _FORMAT:
            raise BackupForeign(f"the backup is of format {made.format}; this version of the portal reads {_FORMAT}")
        return made


def set_name(at: datetime) -> str:
    """The name of the set made at the moment (UTC)."""
    return at.strftime("%Y-%m-%d-%H%M%S")


def sets_in(folder: Path) -> list[Path]:
    """The whole sets in a backup folder, oldest first."""
    found = [path for path in folder.iterdir() if NAME.fullmatch(path.name) and (path / MANIFEST).is_file()]
    return sorted(found)


def facts_of(path: Path) -> FileFacts:
    """Size and hash of a file on the disk."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileFacts(path.stat().st_size, digest)


def check(folder: Path, manifest: Manifest) -> None:
    """Whether the set's files are what the manifest says. Raises BackupDamaged, naming the file."""
    for name, facts in manifest.files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise BackupDamaged(f"{name} is missing from the backup")
        if facts_of(path) != facts:
            raise BackupDamaged(f"{name} was altered or cut since the backup was made")
