"""Somebody takes the whole server: disk, database, backups and keys. No word is found, nor a way to one."""

import base64
import io
import re
import shutil

import pytest
from sqlalchemy import MetaData, select

from portal.canonical import sha256_hex
from portal.db.engine import Database
from portal.operations.mirror import Mirror
from portal.recordings import age, live, manifest
from portal.recordings.age import CHUNK, Kind
from portal.recordings.catalogue import Catalogue
from portal.recordings.domain import new_recording_id
from portal.recordings.manifest import Manifest
from portal.recordings.sink import Sink
from portal.recordings.vault import Files

PLANTED = b"and then my sister told me what happened that night"


def spoken(chunks):
    """Media that says it again and again."""
    return (PLANTED + b" . ") * (chunks * CHUNK // len(PLANTED))


@pytest.fixture
def seized(worlds, tmp_path):
    """A folder with everything that the server has: a finished recording and one that is being written."""
    team = [age.new_identity(kind) for kind in (Kind.HYBRID, Kind.HYBRID)]
    vault, sinks = Files(worlds.settings.instance / "vault"), []
    for number in range(2):
        recording = new_recording_id()
        folder = vault.new_folder(recording)
        writing = Manifest.create(folder)
        prints = [one.recipient.fingerprint for one in team]
        writing.add("opened", format=manifest.FORMAT, recording=recording, room="r", study="0" * 64, recipients=prints)
        track = {"track": "p1", "role": "participant", "part": 1, "media": "audio", "codecs": "opus", "ms": 0}
        writing.add("track", file="p1-1.webm", **track)
        sink = Sink.create(folder, "p1-1.webm", [one.recipient for one in team])
        sink.write(spoken(3) + PLANTED)
        sink.flush()
        sinks.append(sink)
        if number == 0:
            sink.close()
            writing.add("ended", ms=1000, why="test")
            writing.close()
    worlds.get(Catalogue).run()
    Mirror(worlds.settings.instance / "vault", lambda _: False).update(worlds.settings.instance / "copy")
    taken = tmp_path / "taken"
    shutil.copytree(worlds.settings.instance, taken)
    if worlds.get(Database).engine.dialect.name == "postgresql":
        (taken / "dump").write_bytes(dumped(worlds))
    yield taken, team
    sinks[1].close()
    writing.close()


def dumped(world):
    """Every row of every table, as text."""
    rows, tables = [], MetaData()
    with world.get(Database).engine.connect() as connection:
        tables.reflect(connection)
        for table in tables.sorted_tables:
            rows += [repr(row) for row in connection.execute(select(table))]
    return "\n".join(rows).encode("utf-8")


def files(folder):
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def test_no_word_is_found_anywhere(seized):
    taken, _team = seized
    found = files(taken)
    assert {".age", ".jsonl"} <= {path.suffix for path in found}
    assert any(path.suffix == ".live" for path in found)
    for path in found:
        content = path.read_bytes()
        for word in (PLANTED, PLANTED[:16], PLANTED[-16:], base64.b64encode(PLANTED)[:20], PLANTED.hex().encode()[:40]):
            assert word not in content, path


def secrets(folder):
    """Everything in the server's own files that could be a key: written keys, and 32 bytes in base64 or hex."""
    for path in files(folder):
        if path.suffix in (".age", ".live"):
            continue
        content = path.read_bytes()
        yield from re.findall(rb"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+", content)
        for token in re.findall(rb"[A-Za-z0-9+/_-]{43}=?", content) if "keys" in path.parts else []:
            raw = base64.urlsafe_b64decode(token[:43].replace(b"+", b"-").replace(b"/", b"_") + b"=")
            yield from (age.Identity(kind, raw[:32]).encode().encode() for kind in Kind)
        if "keys" in path.parts:
            for token in re.findall(rb"[0-9a-f]{64}", content):
                yield from (age.Identity(kind, bytes.fromhex(token.decode())).encode().encode() for kind in Kind)


def test_nothing_that_the_server_has_opens_a_file_but_the_teams_key_does(seized):
    taken, team = seized
    for path in taken.rglob("*.live"):  # each tail inside is an age file of its own
        for number, tail in enumerate(live.read(path)[1]):
            path.with_name(f"tail-{number}.age").write_bytes(tail.content)
    encrypted = [
        path for path in files(taken) if path.suffix == ".age" and b"mlkem768x25519" in path.read_bytes()[:100]
    ]
    assert len(encrypted) >= 5
    candidates = {age.parse_identity(one.decode()) for one in secrets(taken)}
    assert candidates, "the search finds the keys that the server does have"
    for path in encrypted:
        header = age.header_at(lambda at, n, p=path: p.read_bytes()[at : at + n])
        with pytest.raises(age.WrongKey):
            header.unwrap(candidates)
        assert len(header.unwrap([team[1]])) == 16
    whole = next(path for path in encrypted if path.name == "p1-1.webm.age" and path.parent.parent.name == "copy")
    out = io.BytesIO()
    with whole.open("rb") as file:
        age.decrypt(file, out, [team[0]])
    assert sha256_hex(out.getvalue()) == sha256_hex(spoken(3) + PLANTED)
