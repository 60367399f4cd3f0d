"""A short recording in a world's vault, for a member's key and the recovery key."""

import atexit
import base64
import shutil
import tempfile
from functools import cache
from pathlib import Path

from portal.cli.recordings.simulate import make
from portal.recordings.age import Identity, Kind, new_identity
from portal.recordings.catalogue import Catalogue
from portal.recordings.domain import Recording
from portal.recordings.keys.passphrase import seal
from portal.recordings.keys.service import KeyService
from portal.recordings.service import RecordingService
from portal.team.domain import Role
from tests.recordings.keys.making import PASSPHRASE, by_passphrase
from tests.support.world import ACTOR, World

MINE, RECOVERY = new_identity(Kind.X25519), new_identity(Kind.X25519)


def keyed(world: World, hers: int, other: int) -> tuple[Identity, Identity]:
    """The study's keys in order: a member's and the recovery key."""
    keys = world.get(KeyService)
    wrap = by_passphrase(base64.b64encode(_wrapped()).decode())
    keys.confirm(keys.register(str(MINE.recipient), [wrap], staff_id=hers).id, staff_id=other)
    made = keys.register_recovery(str(RECOVERY.recipient), threshold=2, shares=3, actor=ACTOR)
    keys.confirm(made.id, staff_id=other)
    return MINE, RECOVERY


@cache
def _wrapped() -> bytes:
    return seal(MINE.encode(), PASSPHRASE, work=17)


@cache
def tape(seconds: int = 10) -> Path:
    """Two people, recorded once for all tests, for MINE and RECOVERY."""
    folder = Path(tempfile.mkdtemp(prefix="portal-tape-"))
    atexit.register(shutil.rmtree, folder)
    return make(folder, [MINE.recipient, RECOVERY.recipient], seconds)


def recorded(world: World, folder: Path | None = None) -> Recording:
    """The recording of this folder, or the tape, in the world's vault."""
    folder = folder or tape()
    shutil.copytree(folder, world.settings.instance / "vault" / folder.name)
    world.get(Catalogue).run()
    return world.get(RecordingService).recording(folder.name)


def team(world: World) -> tuple[int, int]:
    """A researcher and a lead."""
    return world.member().id, world.member(Role.LEAD).id
