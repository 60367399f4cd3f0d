"""Encrypting and decrypting 1 GiB, against the `age` command on the same file in the same run, with our peak memory."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from portal.recordings import age
from portal.recordings.age import Kind
from portal.settings import ROOT

SIZE = 1 << 30
ROUNDS = 3
MOST_MEMORY = 64 << 20


def main() -> None:
    if len(sys.argv) == 5:
        sys.exit(alone(*sys.argv[1:]))
    with tempfile.TemporaryDirectory(dir=room()) as name:
        figures = measure(Path(name))
    slowest = max(figures["encrypt_ratio"], figures["decrypt_ratio"])
    result = {
        "name": "age",
        "figure": round(slowest, 3),
        "unit": "times the age command's time, the worse of both ways",
        "against": f"age {version()}, X25519, the same 1 GiB, same run, best of {ROUNDS}",
        "goal": 1.0,
        "met": slowest < 1 and figures["memory_mib"] < MOST_MEMORY >> 20,
        **figures,
    }
    print(json.dumps(result))
    sys.exit(0 if result["met"] else 1)


def room() -> str | None:
    """In memory if there is room for four files, so that programs are compared and not disks."""
    memory = Path("/dev/shm")
    there = os.statvfs(memory) if memory.is_dir() else None
    return str(memory) if there and there.f_bavail * there.f_frsize > 5 * SIZE else None


def measure(folder: Path) -> dict[str, float]:
    identity = age.new_identity(Kind.X25519)
    key, plain = folder / "key", folder / "plain"
    key.write_text(identity.encode(), encoding="ascii")
    with plain.open("wb") as file:
        for _ in range(SIZE >> 20):
            file.write(os.urandom(1 << 20))
    theirs, ours, out = folder / "theirs", folder / "ours", folder / "out"
    recipient = str(identity.recipient)
    took: dict[str, list[tuple[float, float]]] = {"age -e": [], "age -d": [], "our e": [], "our d": []}
    used: list[int] = []
    for _ in range(ROUNDS):
        took["age -e"].append(timed(lambda: run("age", "-r", recipient, "-o", theirs, plain)))
        took["our e"].append(timed(lambda: used.append(own("e", recipient, plain, ours))))
        took["age -d"].append(timed(lambda: run("age", "-d", "-i", key, "-o", out, theirs)))
        took["our d"].append(timed(lambda: used.append(own("d", identity.encode(), theirs, out))))
    run("age", "-d", "-i", key, "-o", out, ours)
    run("cmp", plain, out)
    best = {name: min(wall for wall, _ in found) for name, found in took.items()}
    busy = {name: min(cpu for _, cpu in found) for name, found in took.items()}
    return {
        "encrypt_ratio": round(best["our e"] / best["age -e"], 3),
        "decrypt_ratio": round(best["our d"] / best["age -d"], 3),
        "encrypt_mib_per_s": round(1024 / best["our e"]),
        "decrypt_mib_per_s": round(1024 / best["our d"]),
        "age_encrypt_mib_per_s": round(1024 / best["age -e"]),
        "age_decrypt_mib_per_s": round(1024 / best["age -d"]),
        "encrypt_cpu_ratio": round(busy["our e"] / busy["age -e"], 3),
        "decrypt_cpu_ratio": round(busy["our d"] / busy["age -d"], 3),
        "memory_mib": round(max(used) / (1 << 20), 1),
    }


def own(way: str, key: str, source: Path, target: Path) -> int:
    """Peak memory of a process of ours. Its start and the interpreter's imports count as its work."""
    target.unlink(missing_ok=True)
    command = [sys.executable, "-m", "bench.age", way, key, str(source), str(target)]
    return int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def alone(way: str, key: str, source: str, target: str) -> int:
    with Path(source).open("rb") as read, Path(target).open("wb") as write:
        if way == "e":
            age.encrypt(read, write, [age.parse_recipient(key)])
        else:
            age.decrypt(read, write, [age.parse_identity(key)])
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    return 0


def run(*command: str | Path) -> None:
    subprocess.run([str(one) for one in command], check=True, capture_output=True)


def timed(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds that it took, and seconds of processor time that its processes took."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    act()
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def version() -> str:
    return subprocess.run(["age", "--version"], check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
