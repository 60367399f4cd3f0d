"""Signed checkpoints: made, sent off the machine, and the tampering that only they show."""

import base64
import shutil
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.audit import chain
from portal.audit.chain import NotAnExtract, check_extract, ed25519_verify, read_key, read_note
from portal.audit.checkpoints import CheckpointKey, Checkpoints
from portal.audit.domain import Event
from portal.audit.reading import extract
from portal.audit.service import AuditLog
from portal.canonical import canonical_json, sha256_hex
from portal.clock import now
from portal.db.engine import Database
from portal.messages.service import Outbox
from portal.settings import Settings
from portal.wiring import build
from tests.audit.test_chain import fill
from tests.support.post import text_of

TEXT = st.text(max_size=20)
FIELDS = st.dictionaries(st.text(max_size=8), TEXT | st.integers() | st.booleans() | st.none(), max_size=4)


@given(seq=st.integers(1), kind=TEXT, actor=TEXT, subject=TEXT, fields=FIELDS)
def test_the_hash_is_over_canonical_json(seq, kind, actor, subject, fields):
    event = Event(seq, now(), kind, actor, subject, fields)
    body = {
        "previous": "ab", "seq": seq, "at": event.at.isoformat(timespec="microseconds"), "kind": kind, "actor": actor,
        "subject": subject, "fields": fields,
    }  # fmt: skip
    try:
        expected = sha256_hex(canonical_json(body))
    except UnicodeEncodeError:  # a lone surrogate: neither way takes it
        with pytest.raises(UnicodeEncodeError):
            event.hash("ab")
    else:
        assert event.hash("ab") == expected


@given(message=st.binary(max_size=100), flipped=st.integers(0, 511))
def test_our_ed25519_agrees_with_the_library(message, flipped):
    key = Ed25519PrivateKey.generate()
    public, signature = key.public_key().public_bytes_raw(), bytearray(key.sign(message))
    assert ed25519_verify(public, message, bytes(signature))
    assert not ed25519_verify(public, message + b"x", bytes(signature))
    signature[flipped // 8] ^= 1 << flipped % 8
    assert not ed25519_verify(public, message, bytes(signature))


def test_a_scalar_beyond_the_order_is_refused():
    key = Ed25519PrivateKey.generate()
    good = key.sign(b"m")
    order = 2**252 + 27742317777372353535851937790883648493
    larger = (int.from_bytes(good[32:], "little") + order).to_bytes(32, "little")
    assert not ed25519_verify(key.public_key().public_bytes_raw(), b"m", good[:32] + larger)


def test_a_note_has_the_form_of_a_signed_checkpoint():
    key = CheckpointKey("study.example.org/audit", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    origin, size, root, blank, signature, end = key.sign(7, "ab" * 32).split("\n")
    assert (origin, size, blank, end) == ("study.example.org/audit", "7", "", "")
    assert base64.b64decode(root) == b"\xab" * 32
    assert signature.startswith("— study.example.org/audit ")
    name, public = read_key(key.public)
    raw = base64.b64decode(signature.split(" ")[2])
    assert raw[:4].hex() == key.public.split("+")[1]
    key_signs = f"{origin}\n{size}\n{root}\n".encode()
    Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().verify(raw[4:], key_signs)
    assert name == origin
    assert len(public) == 32


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n7\n", "\n8\n"),
        ("study.example", "other.example"),
        ("— ", "- "),
        ("\n\n", "\n"),
        ("=\n", "\n"),
    ],
)
def test_a_changed_note_is_refused(old, new):
    key = CheckpointKey("study.example.org/audit", Ed25519PrivateKey.generate())
    note = key.sign(7, "ab" * 32)
    assert old in note
    with pytest.raises(NotAnExtract):
        read_note(note.replace(old, new, 1), key.public)


def test_another_s_note_is_refused():
    one, other = (CheckpointKey("study.example.org/audit", Ed25519PrivateKey.generate()) for _ in range(2))
    with pytest.raises(NotAnExtract):
        read_note(one.sign(7, "ab" * 32), other.public)


@pytest.mark.parametrize(
    "key", ["", "a+b", "a+00000000+AAAA", "study+12345678+" + base64.b64encode(b"\x01" * 33).decode()]
)
def test_a_damaged_key_is_refused(key):
    with pytest.raises(NotAnExtract):
        read_key(key)


def test_the_duty_signs_each_hour_and_only_what_is_new(worlds):
    checkpoints = worlds.get(Checkpoints)
    assert checkpoints.make() == 0  # nothing has happened
    fill(worlds)
    assert [checkpoints.make(), checkpoints.make()] == [1, 0]
    fill(worlds)
    assert checkpoints.make() == 0
    worlds.clock.forward(hours=1)
    assert [checkpoints.make(), checkpoints.make()] == [1, 0]
    assert checkpoints.newest().seq == 10
    with pytest.raises(DBAPIError, match="only ever added"), worlds.get(Database).transaction() as session:
        session.execute(text("DELETE FROM audit_checkpoint"))


@pytest.fixture
def watched(make_world, tmp_path):
    """A world whose checkpoints leave the machine."""
    return make_world("sqlite", audit_folder=tmp_path / "elsewhere", audit_email="governance@example.org")


def test_notes_leave_the_machine_once(watched):
    checkpoints, folder = watched.get(Checkpoints), watched.settings.audit_folder
    fill(watched)
    checkpoints.make()
    assert [checkpoints.send(), checkpoints.send()] == [1, 0]
    assert read_note((folder / "checkpoint-0000000005.txt").read_text(), checkpoints.key.public).size == 5
    (folder / "checkpoint-0000000005.txt").unlink()
    assert checkpoints.send() == 1


def test_a_note_a_day_goes_to_the_governance_office(watched):
    checkpoints = watched.get(Checkpoints)
    for _ in range(3):
        fill(watched)
        watched.clock.forward(hours=1)
        checkpoints.make()
    watched.get(Outbox).send_due()
    sent = [one for one in watched.sent if one["To"] == "governance@example.org"]
    assert len(sent) == 1
    assert checkpoints.key.name in text_of(sent[0])


def cut(world, keep, *, mend):
    """What somebody with the database in hand could do: cut events off, and mend every trace in the database."""
    with world.get(Database).transaction() as session:
        for table in ("audit_event", "audit_checkpoint"):
            session.execute(text(f"DROP TRIGGER {table}_no_delete"))
        session.execute(text(f"DELETE FROM audit_event WHERE seq > {keep}"))
        if mend:
            session.execute(text("DELETE FROM audit_checkpoint"))
            last = "(SELECT hash FROM audit_event WHERE seq = :seq)"
            session.execute(text(f"UPDATE audit_head SET seq = :seq, hash = {last}"), {"seq": keep})


@pytest.mark.faults
def test_a_cut_tail_is_betrayed_by_the_note_elsewhere(watched):
    checkpoints = watched.get(Checkpoints)
    fill(watched)
    checkpoints.make()
    checkpoints.send()
    assert checkpoints.check().problem is None
    cut(watched, 3, mend=True)
    assert watched.get(AuditLog).verify().problem is None  # the database alone shows nothing
    assert "was cut" in checkpoints.check().problem
    assert "was cut" in checkpoints.last_check().problem


@pytest.mark.faults
def test_a_forged_note_elsewhere_is_told(watched):
    fill(watched)
    checkpoints, folder = watched.get(Checkpoints), watched.settings.audit_folder
    checkpoints.make()
    checkpoints.send()
    forged = CheckpointKey(checkpoints.key.name, Ed25519PrivateKey.generate()).sign(5, "00" * 32)
    (folder / "checkpoint-0000000005.txt").write_text(forged)
    assert "not signed by the key" in checkpoints.check().problem


def test_two_notes_that_differ_show_a_fork(worlds):
    fill(worlds)
    checkpoints = worlds.get(Checkpoints)
    checkpoints.make()
    assert "forked" in checkpoints.check([checkpoints.key.sign(5, "00" * 32)]).problem


@pytest.mark.parametrize("from_before", [False, True], ids=["named", "from-before-names-were-kept"])
def test_the_trail_holds_after_a_move_to_another_address(tmp_path, from_before):
    before = build(Settings(instance=tmp_path, public_url="https://old.example.org"))
    fill(before)
    before.get(Checkpoints).make()
    if from_before:
        (tmp_path / "keys" / "audit.name").unlink()
    after = build(Settings(instance=tmp_path, public_url="https://new.example.org"))
    checkpoints = after.get(Checkpoints)
    fill(after)
    assert checkpoints.make(at_once=True) == 1
    assert checkpoints.check().problem is None
    assert checkpoints.key.public == before.get(Checkpoints).key.public
    assert checkpoints.key.name == "old.example.org/audit"
    for one in (before, after):
        one.get(Database).dispose()


# The auditor's own check, on an extract, with one file of plain Python.


@pytest.fixture
def taken(worlds):
    """An extract's lines, and the key."""
    fill(worlds)
    checkpoints = worlds.get(Checkpoints)
    checkpoints.make()
    fill(worlds, 3)
    return list(extract(worlds.get(Database), checkpoints.key.name)), checkpoints.key


def test_a_whole_extract_is_whole(taken):
    lines, key = taken
    verdict = check_extract(lines, key.public)
    assert (verdict.problem, verdict.events) == (None, 8)


def test_an_extract_may_begin_later(worlds):
    fill(worlds)
    lines = list(extract(worlds.get(Database), "x", first=4))
    assert check_extract(lines, worlds.get(Checkpoints).key.public).events == 2
    del lines[1]
    assert check_extract(lines, worlds.get(Checkpoints).key.public).problem == "event 4 is missing"


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda lines: lines.__setitem__(3, lines[3].replace("thing:1", "thing:2")), "event 3 was changed"),
        (lambda lines: lines.pop(3), "event 3 is missing"),
        (lambda lines: lines.insert(3, lines.pop(4)), "event 3 is missing"),
        (lambda lines: lines.insert(4, lines[3]), "event 3 is out of order"),
        (lambda lines: lines.__delitem__(slice(4, 9)), "event 5, anchored outside, is missing: the chain was cut"),
    ],
    ids=["changed", "missing", "reordered", "doubled", "cut off"],
)
def test_a_spoilt_extract_is_told(taken, spoil, problem):
    lines, key = taken
    spoil(lines)
    assert problem in check_extract(lines, key.public).problem


def test_events_cut_off_after_the_last_note_need_a_note_from_elsewhere(taken):
    lines, key = taken
    later = key.sign(8, check_extract(lines, key.public).head)
    del lines[7:9]
    assert check_extract(lines, key.public).problem is None
    assert "was cut" in check_extract(lines, key.public, [later]).problem


HEAD = '{"format": "audit-extract/1", "first": 1, "previous": "0"}'


@pytest.mark.parametrize(
    "hostile", ["", "{}", "[]\n", "\x00", '{"format": "audit-extract/1"}', HEAD + '\n{"seq": "1"}']
)
def test_what_is_no_extract_is_refused(taken, hostile):
    with pytest.raises(NotAnExtract):
        check_extract(hostile.splitlines(), taken[1].public)


def test_the_file_alone_is_a_program(taken, tmp_path):
    lines, key = taken
    path, program = tmp_path / "extract.jsonl", tmp_path / "chain.py"
    shutil.copy(chain.__file__, program)
    command = [sys.executable, "-I", str(program), str(path), "--key", key.public]
    codes = []
    for content in ("".join(lines), "".join(lines).replace("thing:1", "thing:2", 1), "nonsense"):
        path.write_text(content, encoding="utf-8")
        codes.append(subprocess.run(command, capture_output=True, check=False, cwd=tmp_path).returncode)
    assert codes == [0, 1, 2]
