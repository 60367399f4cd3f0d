"""The manifest: chained, declared, torn lines cut, every change found; and no personal data in what it may say."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.canonical import canonical_json, sha256_hex
from portal.recordings import age, manifest
from portal.recordings.age import Kind
from portal.recordings.domain import check_recipients, new_recording_id
from portal.recordings.errors import RecipientsMissing
from portal.recordings.keys.domain import Recipients
from portal.recordings.manifest import FORMAT, Manifest, ManifestBusy, ManifestDamaged
from portal.recordings.summary import disagreements, summarise
from portal.wiring.rooms import _recipients as room_recipients

OPENED = {"format": FORMAT, "recording": "a" * 26, "room": "r", "study": "0" * 64, "recipients": ["f" * 64]}
TRACK = {
    "track": "p1", "role": "participant", "part": 1, "file": "p1-1.webm", "media": "audio", "codecs": "opus", "ms": 0,
}  # fmt: skip


RECOVERED = {
    "file": "p1-1.webm", "bytes": 1, "payload_sha256": "", "more": "../x", "more_sha256": "", "problem": "",
}  # fmt: skip
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=4),
)


@pytest.fixture
def written(tmp_path):
    writing = Manifest.create(tmp_path)
    writing.add("opened", **OPENED)
    writing.add("track", **TRACK)
    for ms in (0, 2000, 4000):
        writing.add("index", file="p1-1.webm", ms=ms, byte=ms * 10)
    writing.add("ended", ms=5000, why="the interviewer stopped it")
    writing.close()
    return tmp_path / manifest.FILE


def test_what_was_written_is_read(written):
    lines = manifest.read(written.read_bytes())
    assert [line.kind for line in lines] == ["opened", "track", "index", "index", "index", "ended"]
    told = summarise(written.read_bytes())
    assert (told.duration_ms, told.ended, told.recipients) == (5000, True, frozenset(["f" * 64]))
    assert told.head == manifest.head_of(written.read_bytes())
    assert told.tracks[0].problem, "a track that was never closed is told of"


def test_every_change_of_a_byte_a_line_or_the_order_is_found(written):
    content = written.read_bytes()
    lines = content.splitlines(keepends=True)
    changed = [b"".join([*lines[:at], *lines[at + 1 :]]) for at in range(len(lines) - 1)] + [
        b"".join([lines[1], lines[0], *lines[2:]]),
        b"".join([*lines, lines[-1]]),
        content[:-1],
        content + b"{}\n",
    ]
    changed += [
        content[:at] + bytes([content[at] ^ 2]) + content[at + 1 :] for at in range(0, len(content) - len(lines[-1]), 3)
    ]
    for one in changed:
        with pytest.raises(ManifestDamaged):
            manifest.read(one)


def test_a_last_line_that_was_cut_off_shows_in_the_head(written):
    lines = written.read_bytes().splitlines(keepends=True)
    assert manifest.head_of(b"".join(lines[:-1])) != manifest.head_of(b"".join(lines))


def test_it_goes_on_after_a_torn_line_and_only_one_may_write(written):
    written.write_bytes(written.read_bytes() + b'{"n":7,"prev')
    writing = Manifest.resume(written.parent)
    with pytest.raises(ManifestBusy):
        Manifest.resume(written.parent)
    writing.add("discarded", why="withdrawal")
    writing.close()
    assert [line.kind for line in manifest.read(written.read_bytes())][-2:] == ["ended", "discarded"]
    assert summarise(written.read_bytes()).discarded


def test_a_line_for_one_that_lies_elsewhere_is_the_same_line(written):
    content, fields = written.read_bytes(), {"file": "p1-1.webm", "recipients": ["a" * 64]}
    at = manifest.read(content)[0].at
    whole = manifest.added(content, at, "rewrapped", **fields)
    assert manifest.read(whole)[-1].fields == fields
    writing = Manifest.resume(written.parent, lambda: at)
    writing.add("rewrapped", **fields)
    writing.close()
    assert written.read_bytes() == whole


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("note", {"text": "Anna said"}), ("pause", {}), ("pause", {"ms": "1"}), ("pause", {"ms": True}),
        ("pause", {"ms": 1, "who": "Anna"}), ("opened", {**OPENED, "recipients": [1]}),
        ("index", {"file": "x", "ms": 1.5, "byte": 0}),
    ],
)  # fmt: skip
def test_it_takes_only_what_is_declared(tmp_path, kind, fields):
    writing = Manifest.create(tmp_path)
    with pytest.raises(ValueError, match=r"field|kind"):
        writing.add(kind, **fields)
    writing.close()
    assert (tmp_path / manifest.FILE).read_bytes() == b""


def forged(*lines):
    """Lines chained rightly, whatever they say."""
    content, previous = b"", manifest.GENESIS
    for number, (kind, fields) in enumerate(lines, 1):
        raw = canonical_json(
            {"n": number, "previous": previous, "at": "2026-11-24T10:00:00.000Z", "kind": kind, **fields}
        )
        content, previous = content + raw + b"\n", sha256_hex(raw)
    return content


@pytest.mark.parametrize(
    "lines",
    [
        (), (("track", TRACK),), (("opened", {**OPENED, "format": "portal-recording/9"}),),
        (("opened", OPENED), ("index", {"file": "p9-1.webm", "ms": 1, "byte": 1})),
        (("opened", OPENED), ("track", {**TRACK, "file": "../../etc/passwd"})),
        (("opened", OPENED), ("track", {**TRACK, "role": "x" * 500})),
        (("opened", OPENED), ("track", TRACK), ("recovered", RECOVERED)),
    ],
)  # fmt: skip
def test_a_hostile_manifest_is_refused(lines):
    with pytest.raises(ManifestDamaged):
        summarise(forged(*lines))


@given(ANY_JSON)
def test_no_json_makes_the_reader_stumble(value):
    for raw in (json.dumps(value).encode(), canonical_json(value)):
        with pytest.raises(ManifestDamaged):
            manifest.read(raw + b"\n")


def test_a_missing_an_unknown_and_a_shorter_file_are_each_named(written):
    told = summarise(written.read_bytes())
    whole = replace(told, tracks=(replace(told.tracks[0], bytes=100, more="p1-1.webm.more.age"),))
    sizes = {manifest.FILE: 9, "p1-1.webm.age": 99, "p2-1.webm.age": 1}
    assert disagreements(whole, sizes) == [
        "p1-1.webm.age has 99 bytes, but the manifest says 100", "p1-1.webm.more.age is missing",
        "p2-1.webm.age is not in the manifest",
    ]  # fmt: skip
    assert disagreements(whole, {manifest.FILE: 9})[0] == "p1-1.webm.age is missing"


def test_no_recording_starts_without_a_recovery_key_and_another():
    member, recovery, hybrid = (age.new_identity(kind).recipient for kind in (Kind.X25519, Kind.X25519, Kind.HYBRID))
    check_recipients([member, recovery], [recovery])
    for recipients, keys, told in (
        ([member, recovery], [], "no recovery key"), ([member], [recovery], "not among"),
        ([recovery], [recovery], "beside"), ([recovery, recovery], [recovery], "beside"),
        ([hybrid, recovery], [recovery], "two kinds"), ([], [recovery], "not among"),
    ):  # fmt: skip
        with pytest.raises(RecipientsMissing, match=told):
            check_recipients(recipients, keys)


class KeysInUse:
    """What the team's keys answer."""

    def __init__(self, members, recovery):
        self._found = Recipients(tuple(members), recovery)

    def recipients_now(self):
        return self._found


def test_a_room_gets_no_keys_to_record_with_unless_the_rule_holds():
    member, recovery, hybrid = (age.new_identity(kind).recipient for kind in (Kind.X25519, Kind.X25519, Kind.HYBRID))
    assert room_recipients(KeysInUse([member], recovery)) == (str(member), str(recovery))
    for members in ([], [recovery], [hybrid]):
        assert room_recipients(KeysInUse(members, recovery)) == ()


def test_names_are_random_and_say_nothing():
    names = {new_recording_id() for _ in range(1000)}
    assert len(names) == 1000
    assert all(len(name) == 26 for name in names)
