"""Checks of the machine: disk, files' permissions, what is left over, clock."""

import shutil
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from portal.clock import Clock
from portal.operations.backup import WORK as BACKING_UP
from portal.operations.domain import Finding, failing, ok, warning
from portal.operations.unfinished import WORK as RESTORING
from portal.sentence import said

LOW_BYTES = 10 * 1024**3
"""About eight recorded interviews of an hour, both people with video."""
FULL_BYTES = 1024**3
_SYNCHRONISED = (Path("/run/systemd/timesync/synchronized"), Path("/run/chrony/chronyd.pid"), Path("/run/ntpd.pid"))
_SLACK = timedelta(seconds=5)
_BACKUP_AT_MOST = timedelta(days=1)
_UPGRADE_PROVED = timedelta(days=30)
_PRIVATE = (
    "portal.sqlite3*", "vault", "outbox", "rooms", "before-upgrade", f"{BACKING_UP}*", f"{RESTORING}*",
)  # fmt: skip
"""What else of the instance, by pattern, is nobody's to read. The seal's certificate is public."""


def disk(instance: Path) -> Finding:
    """Room for recordings and receipts."""
    free = shutil.disk_usage(instance).free
    left = said("%(gigabytes)s GB free for the instance folder", gigabytes=f"{free / 1024**3:.1f}")
    if free < FULL_BYTES:
        return failing("disk", left, said("Make room now: consents and recordings are refused when the disk is full."))
    if free < LOW_BYTES:
        return warning(
            "disk", left, said("Make room, or move the instance folder to a larger disk, before interviews.")
        )
    return ok("disk", left)


def permissions(instance: Path) -> Finding:
    """Nobody but the portal's own user may read the instance."""
    open_ones = sorted(str(path.relative_to(instance.parent)) for path in _readable_by_others(instance))
    if open_ones:
        return failing(
            "permissions",
            said("other users of this machine can read: %(files)s", files=", ".join(open_ones[:5])),
            said("Run as the portal's user: %(command)s", command=f"chmod -R go= {instance}"),
        )
    return ok("permissions", said("only the portal's user can read the instance folder"))


def _readable_by_others(instance: Path) -> Iterator[Path]:
    if instance.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) == 0:
        return  # a closed door in front closes what is behind it
    keys = (path for path in sorted((instance / "keys").glob("*")) if not path.name.startswith("seal-certificate"))
    for path in [*keys, *(path for name in _PRIVATE for path in sorted(instance.glob(name)))]:
        if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            yield path


def copies(instance: Path, clock: Clock) -> Finding:
    """Nothing lies about in plain that was there for a moment only, and no copy from before an upgrade grows old: what
    is erased stays in them."""
    left = [path.name for path in sorted(instance.glob(f"{RESTORING}*"))]
    left += [path.name for path in sorted(instance.glob(f"{BACKING_UP}*")) if _age(path, clock) > _BACKUP_AT_MOST]
    if left:
        return failing(
            "copies",
            said("a restore or backup that was killed left plain keys and data: %(folders)s", folders=", ".join(left)),
            said("The worker removes them within ten minutes while no backup is made. Or remove these folders now."),
        )
    old = [path.name for path in sorted(instance.glob("before-upgrade/*")) if _age(path, clock) > _UPGRADE_PROVED]
    if old:
        return warning(
            "copies",
            said("copies of the database from before an upgrade are kept, of schema %(names)s", names=", ".join(old)),
            said("What is erased stays in them. Remove them from the instance's folder before-upgrade."),
        )
    return ok("copies", said("nothing is left over"))


def _age(path: Path, clock: Clock) -> timedelta:
    return clock() - datetime.fromtimestamp(path.stat().st_mtime, UTC)


def clock_runs(clock: Clock, newest_event: Callable[[], datetime | None]) -> Finding:
    """The clock was not set back behind what is already recorded, and something keeps it right."""
    newest, now = newest_event(), clock()
    if newest is not None and newest > now + _SLACK:
        return failing(
            "clock",
            said(
                "it says %(now)s UTC, but the newest event was recorded at %(newest)s UTC",
                now=f"{now:%Y-%m-%d %H:%M}",
                newest=f"{newest:%Y-%m-%d %H:%M}",
            ),
            said("Set the machine's clock right before anybody consents: every signature carries it."),
        )
    if not any(path.exists() for path in _SYNCHRONISED):
        return warning(
            "clock",
            said("it says %(now)s UTC, and nothing here is seen to keep it right", now=f"{now:%Y-%m-%d %H:%M}"),
            said("Install chrony or switch on systemd-timesyncd. In a container, check the host."),
        )
    return ok("clock", said("%(now)s UTC, kept right by a time service", now=f"{now:%Y-%m-%d %H:%M}"))
