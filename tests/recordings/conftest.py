"""Keys, and a recording of two invented people that was made once."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.cli.recordings.simulate import make
from portal.recordings import age
from portal.recordings.age import Kind

SECONDS = 24


@dataclass(frozen=True)
class Simulated:
    """A vault's root with one recording in it, and the keys that open it."""

    root: Path
    folder: Path
    member: age.Identity
    recovery: age.Identity


@pytest.fixture(scope="session")
def fast_disk() -> Iterator[Path]:
    """A folder in memory where there is such a disk, since a sink waits for the disk twice a second."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def simulated_once(fast_disk: Path) -> Simulated:
    member, recovery = age.new_identity(Kind.X25519), age.new_identity(Kind.X25519)
    root = fast_disk / "vault"
    folder = make(root, [member.recipient, recovery.recipient], SECONDS)
    return Simulated(root, folder, member, recovery)


@pytest.fixture
def simulated(simulated_once: Simulated, tmp_path: Path) -> Simulated:
    """A copy that a test may spoil."""
    root = tmp_path / "simulated"
    shutil.copytree(simulated_once.root, root)
    return Simulated(root, root / simulated_once.folder.name, simulated_once.member, simulated_once.recovery)
