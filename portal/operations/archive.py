"""Files into one encrypted file and back, without a plain copy on the disk between."""

import os
import shutil
import tarfile
import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from portal.operations.errors import BackupDamaged, BackupForeign
from portal.recordings.age import (
    AgeError,
    Identity,
    Recipient,
    WrongKey,
    decrypt,
    encrypt,
)


def pack(files: Mapping[str, Path], target: Path, recipients: Sequence[Recipient]) -> None:
    """Write the files, by their names inside, as an encrypted tar (mode 0600). Raises OSError, AgeError."""
    read_end, write_end = os.pipe()
    faults: list[BaseException] = []

    def fill() -> None:
        try:
            with os.fdopen(write_end, "wb") as pipe, tarfile.open(fileobj=pipe, mode="w|") as tar:
                for name, path in files.items():
                    tar.add(path, arcname=name, recursive=False)
        except BrokenPipeError:
            pass  # the reader gave up, and says why itself
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread below
            faults.append(error)

    filler = threading.Thread(target=fill, name="backup-tar")
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        filler.start()
        try:
            with os.fdopen(read_end, "rb") as pipe:
                encrypt(pipe, out, recipients)
        finally:
            filler.join()
        out.flush()
        os.fsync(out.fileno())
    if faults:
        target.unlink()
        raise faults[0]


def unpack(source: Path, folder: Path, identities: Collection[Identity]) -> list[Path]:
    """Decrypt and unpack into the folder; gives the files. Nothing lands outside it.

    Raises:
        BackupForeign: none of the keys opens it.
        BackupDamaged: it is cut or altered.
    """
    read_end, write_end = os.pipe()
    faults: list[BaseException] = []

    def feed() -> None:
        try:
            with source.open("rb") as sealed, os.fdopen(write_end, "wb") as pipe:
                decrypt(sealed, pipe, identities)
        except BrokenPipeError:
            pass  # the unpacking gave up, and says why itself
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread below
            faults.append(error)

    feeder = threading.Thread(target=feed, name="backup-decrypt")
    feeder.start()
    unpacked: list[Path] = []
    try:
        with os.fdopen(read_end, "rb") as pipe:
            unpacked = _extract(pipe, folder)
    except tarfile.TarError as error:
        faults.append(error)
    finally:
        feeder.join()
    if faults:
        # What the decryption says is the cause; what tar says of the stream that broke off only follows from it.
        raise _named(source.name, next((one for one in faults if isinstance(one, AgeError)), faults[0]))
    return unpacked


def _extract(pipe: BinaryIO, folder: Path) -> list[Path]:
    found = []
    with tarfile.open(fileobj=pipe, mode="r|") as tar:
        for member in tar:
            if not member.isfile():
                raise tarfile.TarError("not a plain file")
            found.append(_unpack(tar, member, folder))
    while pipe.read(1 << 16):
        pass  # to the end, so that the last chunk is authenticated too
    return found


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> Path:
    """Write one file, which only its owner can read from its first byte on.

    `tar.extract` has its filter against names that lead elsewhere only since Python 3.11.4, and Debian 12 has 3.11.2.
    """
    path = (folder / member.name).resolve()
    content = tar.extractfile(member)
    if content is None or not path.is_relative_to(folder.resolve()):
        raise tarfile.TarError("a name that leads elsewhere")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with content, os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        shutil.copyfileobj(content, file)
    os.utime(path, (member.mtime, member.mtime))
    return path


def _named(name: str, fault: BaseException) -> BaseException:
    if isinstance(fault, WrongKey):
        return BackupForeign(f"the key given does not open {name}: this backup was made for other keys")
    if isinstance(fault, AgeError | tarfile.TarError):
        return BackupDamaged(f"{name} is damaged: {fault}")
    return fault
