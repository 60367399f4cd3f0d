"""Checks a site file without the portal: run it in the unpacked folder. Needs Python 3.9 and nothing else.

Exit code 0: everything fits; 1: something does not; 2: this is no site file.
"""

import csv
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def canonical(value: object) -> bytes:
    """JSON as the portal hashes it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def sha256(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def files(folder: Path) -> Iterator[str]:
    """Every file is there, none was changed, none was added."""
    known = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["sha256"]
    for name, digest in known.items():
        path = folder / name
        if not path.is_file():
            yield f"{name} is missing"
        elif sha256(path.read_bytes()) != digest:
            yield f"{name} was changed"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in sorted(there - set(known) - {"manifest.json"}):
        yield f"{name} was added: it is not in the manifest"


def versions(folder: Path) -> Iterator[str]:
    """Each version has the hash of its folder's name, and holds what the consents were given to."""
    shown: set[str] = set()
    for path in sorted(folder.glob("study/*/study.json")):
        content = path.read_bytes()
        if not sha256(content).startswith(path.parent.name.rpartition("-")[2]):
            yield f"{path.parent.name}: the content does not have this hash"
        for documents in json.loads(content)["documents"].values():
            shown.update(sha256(canonical(one)) for one in documents.values() if one)
    with (folder / "consent-register.csv").open(encoding="utf-8-sig", newline="") as register:
        for line in csv.DictReader(register):
            if not {line["form_sha256"], line["sheet_sha256"]} <= shown:
                yield f"consent {line['consent_reference']}: no version holds the form and the sheet that it names"


def receipts(folder: Path) -> Iterator[str]:
    """Each receipt is the one of the ledger."""
    with (folder / "receipts.csv").open(encoding="utf-8-sig", newline="") as ledger:
        for line in csv.DictReader(ledger):
            if not line["file"]:
                continue
            path = folder / line["file"]
            if not path.is_file() or sha256(path.read_bytes()) != line["sha256"]:
                yield f"{line['file']} is not the receipt {line['reference']} of the ledger"


def unsealed(folder: Path) -> Iterator[str]:
    """What no receipt had been sealed for when the archive was made: nothing is wrong, but it is not complete."""
    with (folder / "receipts.csv").open(encoding="utf-8-sig", newline="") as ledger:
        for line in csv.DictReader(ledger):
            if line["note"] == "not sealed yet":
                yield f"the receipt {line['reference']} of {line['study_id']} was not sealed yet"


def events(folder: Path) -> Iterator[str]:
    """No event was changed: each hash covers the event and the hash before it."""
    hashes: dict[int, str] = {}
    for number, line in enumerate((folder / "audit-extract.jsonl").read_text(encoding="utf-8").splitlines(), 1):
        event: dict[str, Any] = json.loads(line)
        digest = event.pop("hash")
        if sha256(canonical(event)) != digest:
            yield f"audit-extract.jsonl line {number}: event {event['seq']} was changed"
        if hashes.get(event["seq"] - 1, event["previous"]) != event["previous"]:
            yield f"audit-extract.jsonl line {number}: event {event['seq']} does not follow the one before"
        hashes[event["seq"]] = digest


def main() -> int:
    """Check everything and say what was found."""
    folder = Path(__file__).resolve().parent
    if not (folder / "manifest.json").is_file():
        sys.stderr.write("There is no manifest.json beside this program.\n")
        return 2
    found = [problem for check in (files, versions, receipts, events) for problem in check(folder)]
    for problem in found:
        sys.stdout.write(f"NOT WHOLE: {problem}\n")
    for missing in unsealed(folder):
        sys.stdout.write(f"INCOMPLETE: {missing}. Take the site file out again.\n")
    if not found:
        sys.stdout.write("Everything fits: files, receipts, versions and events are as they were exported.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
