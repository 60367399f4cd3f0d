"""Records and files: catalogued, completed after a crash, compared both ways, given new headers, destroyed."""

import io
import os
import shutil

import pytest

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.operations.domain import State
from portal.operations.service import Doctor
from portal.recordings import age, manifest
from portal.recordings.age import CHUNK
from portal.recordings.catalogue import Catalogue
from portal.recordings.comparing import Comparison
from portal.recordings.destroying import Destructions
from portal.recordings.domain import new_recording_id
from portal.recordings.errors import HeadersRefused, RecordingDestroyed, RecordingUnknown, VaultError
from portal.recordings.manifest import Manifest
from portal.recordings.service import RecordingService
from portal.recordings.sink import Sink
from portal.recordings.vault import Files

STAFF = Actor.staff(1)


def put(world, simulated) -> str:
    """The simulated recording in the world's vault, catalogued."""
    shutil.copytree(simulated.root, world.settings.instance / "vault", dirs_exist_ok=True)
    assert world.get(Catalogue).run() == 1
    return simulated.folder.name


def kinds(world, recording):
    events = world.get(AuditLog).newest(100)
    return [one.kind for one in reversed(events) if one.subject == f"recording:{recording}"]


def crashed(world, recipients, content, *, tick=True) -> tuple[str, Sink, Manifest]:
    """A recording whose process died while it wrote."""
    recording = new_recording_id()
    folder = Files(world.settings.instance / "vault").new_folder(recording)
    writing = Manifest.create(folder)
    writing.add("opened", format=manifest.FORMAT, recording=recording, room="r", study="0" * 64, recipients=["f" * 64])
    writing.add("track", track="p1", role="participant", part=1, file="p1-1.webm", media="audio", codecs="opus", ms=500)
    sink = Sink.create(folder, "p1-1.webm", recipients)
    sink.write(content)
    writing.add("index", file="p1-1.webm", ms=4000, byte=100)
    if tick:
        sink.flush()
    return recording, sink, writing


def dies(sink, writing):
    os.close(sink._file)
    os.close(writing._handle)


def test_it_is_catalogued_once_and_read_as_it_lies(worlds, simulated):
    recording = put(worlds, simulated)
    assert worlds.get(Catalogue).run() == 0
    recordings = worlds.get(RecordingService)
    (found,) = recordings.recordings()
    assert (found.id, found.ended, found.interrupted, found.problems) == (recording, True, False, ())
    assert [(one.track, one.role, one.start_ms) for one in found.tracks] == [
        ("p1", "interviewer", 0), ("p2", "participant", 1500),
    ]  # fmt: skip
    assert found.duration_ms == 24_000
    path = simulated.folder / "p2-1.webm.age"
    assert recordings.stored(recording, path.name).size == path.stat().st_size
    assert recordings.stored(recording, path.name).read_at(5, 100_000) == path.read_bytes()[5:100_005]
    assert recordings.manifest(recording) == (simulated.folder / manifest.FILE).read_bytes()
    assert kinds(worlds, recording) == ["recordings.catalogued"]


def test_it_knows_whose_interview_it_is(world, simulated):
    recording = put(world, simulated)
    recordings = world.get(RecordingService)
    assert recordings.study_id(recordings.recording(recording)) is None, "no room of this portal"


def test_what_is_being_recorded_is_left_alone_and_what_a_crash_left_is_completed(worlds, simulated):
    content = os.urandom(2 * CHUNK + 99)
    recording, sink, writing = crashed(worlds, [simulated.member.recipient, simulated.recovery.recipient], content)
    assert worlds.get(Catalogue).run() == 0
    assert worlds.get(Comparison).strangers() == []
    dies(sink, writing)
    assert worlds.get(Catalogue).run() == 1
    recordings = worlds.get(RecordingService)
    found = recordings.recording(recording)
    assert (found.interrupted, found.ended, found.duration_ms) == (True, False, 4500)
    (track,) = found.tracks
    assert track.problem == ""
    whole = io.BytesIO()
    for name in track.encrypted_files:
        stored = recordings.stored(recording, name)
        age.decrypt(io.BytesIO(stored.read_at(0, stored.size)), whole, [simulated.recovery])
    assert whole.getvalue() == content
    assert worlds.get(Comparison).run() == 0


def test_nothing_but_a_beginning_is_no_track(world, simulated):
    recording, sink, writing = crashed(world, [simulated.member.recipient], b"", tick=False)
    dies(sink, writing)
    world.get(Catalogue).run()
    (track,) = world.get(RecordingService).recording(recording).tracks
    assert track.plaintext_bytes == 0


def alter(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


SPOILT = {
    "missing track": (lambda folder: (folder / "p1-1.webm.age").unlink(), "p1-1.webm.age is missing"),
    "missing files": (shutil.rmtree, "its files are missing"),
    "missing manifest": (lambda folder: (folder / manifest.FILE).unlink(), "its manifest is missing"),
    "truncated": (lambda folder: os.truncate(folder / "p1-1.webm.age", 9000), "p1-1.webm.age has 9000 bytes"),
    "bit-flipped": (lambda folder: alter(folder / "p2-1.webm.age"), "p2-1.webm.age was altered"),
    "stray file": (lambda folder: (folder / "p9-1.webm.age").write_bytes(b"x"), "p9-1.webm.age is not in the manifest"),
    "altered manifest": (lambda folder: alter(folder / manifest.FILE), "manifest"),
    "cut manifest": (
        lambda folder: (folder / manifest.FILE).write_bytes(
            b"".join((folder / manifest.FILE).read_bytes().splitlines(keepends=True)[:-1])
        ),
        "not the one that was catalogued",
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_each_disagreement_is_named_and_raises_an_alarm(world, simulated, what):
    spoil, told = SPOILT[what]
    recording = put(world, simulated)
    comparison, recordings = world.get(Comparison), world.get(RecordingService)
    assert comparison.run() == 0
    assert recordings.problems() == []
    spoil(world.settings.instance / "vault" / recording)
    for _ in range(2):  # the duty looks closely at one recording each time
        comparison.run()
    problem = recordings.problems()[0]
    assert told in problem
    assert kinds(world, recording)[-1] == "recordings.problem_found"
    (finding,) = [one for one in world.get(Doctor).examine() if one.part == "recordings"]
    assert (finding.state, told in str(finding.what)) == (State.FAILING, True)


def test_an_alteration_stays_known_until_it_is_mended(world, simulated):
    recording = put(world, simulated)
    _, sink, writing = crashed(world, [simulated.member.recipient], b"media")
    dies(sink, writing)
    world.get(Catalogue).run()
    path = world.settings.instance / "vault" / recording / "p2-1.webm.age"
    alter(path)
    for _ in range(4):
        world.clock.forward(minutes=10)
        world.get(Comparison).run()
    assert world.get(RecordingService).problems() == [
        f"recording {recording}: p2-1.webm.age was altered since it was written"
    ]
    alter(path)
    for _ in range(2):
        world.clock.forward(minutes=10)
        world.get(Comparison).run()
    assert world.get(RecordingService).problems() == []


def test_files_without_records_are_named(world, simulated):
    vault = world.settings.instance / "vault"
    put(world, simulated)
    (vault / "notes.txt").write_text("mine", encoding="ascii")
    (vault / new_recording_id()).mkdir()
    first, second = world.get(Comparison).strangers()
    assert "notes.txt" in first
    assert "not in the catalogue" in second


def test_a_manifest_of_another_recording_is_not_taken(world, simulated):
    vault = world.settings.instance / "vault"
    shutil.copytree(simulated.folder, vault / new_recording_id())
    assert world.get(Catalogue).run() == 0
    assert world.get(RecordingService).recordings() == []


def new_headers(simulated, recipients):
    paths = sorted(simulated.folder.glob("*.age"))
    headers = {path.name: age.header_at(lambda at, n, p=path: p.read_bytes()[at : at + n]).raw for path in paths}
    return {name: age.rewrap(header, [simulated.recovery], recipients) for name, header in headers.items()}


def test_new_headers_open_it_for_others_and_payloads_stay(worlds, simulated):
    recording, newcomer = put(worlds, simulated), age.new_identity(age.Kind.X25519)
    recordings = worlds.get(RecordingService)
    headers = new_headers(simulated, [newcomer.recipient, simulated.recovery.recipient])
    prints = [newcomer.recipient.fingerprint, simulated.recovery.recipient.fingerprint]
    recordings.rewrap(recording, headers, prints, actor=STAFF, approved_by="staff:2")
    assert recordings.recording(recording).recipients == frozenset(prints)
    for path in simulated.folder.glob("*.age"):
        stored, opened, before = recordings.stored(recording, path.name), io.BytesIO(), io.BytesIO()
        content = b"".join(stored.read_at(at, 1000) for at in range(0, stored.size, 1000))
        assert len(content) == stored.size
        age.decrypt(io.BytesIO(content), opened, [newcomer])
        with path.open("rb") as file:
            age.decrypt(file, before, [simulated.member])
        assert opened.getvalue() == before.getvalue()
        with pytest.raises(age.WrongKey):
            age.decrypt(io.BytesIO(content), io.BytesIO(), [simulated.member])
    assert worlds.get(Comparison).run() == 0
    assert kinds(worlds, recording)[-1] == "recordings.rewrapped"


def test_it_takes_no_header_that_does_not_fit(world, simulated):
    recording, recordings = put(world, simulated), world.get(RecordingService)
    good = new_headers(simulated, [simulated.member.recipient, simulated.recovery.recipient])
    one = dict(list(good.items())[:1])
    for headers, recipients in (
        (one, ["a", "b"]), (good, ["a"]), (good, ["a", "b", "c"]), ({**good, "p9-1.webm.age": b"x"}, ["a", "b"]),
        (dict.fromkeys(good, b"garbage\n"), ["a", "b"]), ({k: v + b"more" for k, v in good.items()}, ["a", "b"]),
    ):  # fmt: skip
        with pytest.raises(HeadersRefused):
            recordings.rewrap(recording, headers, recipients, actor=STAFF, approved_by="staff:2")
    assert not list((world.settings.instance / "vault" / recording).glob("*.header"))


def test_no_header_changes_while_it_is_being_recorded(world, simulated):
    recording = put(world, simulated)
    headers = new_headers(simulated, [simulated.member.recipient, simulated.recovery.recipient])
    folder = world.settings.instance / "vault" / recording
    writing = Manifest.resume(folder)
    with pytest.raises(HeadersRefused, match="still being recorded"):
        world.get(RecordingService).rewrap(recording, headers, ["a", "b"], actor=STAFF, approved_by="staff:2")
    writing.close()
    assert not list(folder.glob("*.header"))


def test_a_destroyed_recording_is_gone_and_its_certificate_stays(worlds, simulated):
    recording = put(worlds, simulated)
    recordings, destructions = worlds.get(RecordingService), worlds.get(Destructions)
    head = recordings.recording(recording).head
    destructions.order(recording, "withdrawal", actor=STAFF, approved_by="staff:2")
    destructions.order(recording, "again", actor=STAFF, approved_by="staff:2")
    assert destructions.certificate(recording) is None
    with pytest.raises(RecordingDestroyed):
        recordings.stored(recording, "p1-1.webm.age")
    assert (destructions.run(), destructions.run()) == (1, 0)
    assert not (worlds.settings.instance / "vault" / recording).exists()
    certificate = destructions.certificate(recording)
    assert (certificate.files, certificate.head) == (2, head)
    assert certificate.bytes == sum(path.stat().st_size for path in simulated.folder.glob("*.age"))
    assert (worlds.get(Catalogue).run(), worlds.get(Comparison).run()) == (0, 0)
    assert kinds(worlds, recording) == [
        "recordings.catalogued", "recordings.destruction_ordered", "recordings.destroyed",
    ]  # fmt: skip


def second(world, simulated) -> str:
    """Another recording, catalogued too."""
    recording, sink, writing = crashed(world, [simulated.recovery.recipient], b"x" * 1000)
    dies(sink, writing)
    assert world.get(Catalogue).run() == 1
    return recording


def test_one_that_cannot_be_destroyed_holds_up_no_other(world, simulated, monkeypatch):
    broken = put(world, simulated)
    other = second(world, simulated)
    destructions = world.get(Destructions)
    for recording in (broken, other):
        destructions.order(recording, "withdrawal", actor=STAFF, approved_by="staff:2")
    destroy = Files.destroy

    def refuse(self, recording):
        if recording == broken:
            raise VaultError("the disk refuses")
        destroy(self, recording)

    with monkeypatch.context() as patched:
        patched.setattr(Files, "destroy", refuse)
        with pytest.raises(VaultError):
            destructions.run()
    assert not (world.settings.instance / "vault" / other).exists()
    assert destructions.certificate(other) is not None
    assert destructions.certificate(broken) is None
    assert destructions.run() == 1


def test_one_that_cannot_be_read_holds_up_no_other_comparison(world, simulated, monkeypatch):
    broken = put(world, simulated)
    other = second(world, simulated)
    comparison, read = world.get(Comparison), []

    def altered(recording):
        read.append(recording.id)
        if recording.id == broken:
            raise VaultError("the disk refuses")
        return []

    monkeypatch.setattr(comparison, "altered", altered)
    for _ in range(4):
        world.clock.forward(days=10)  # the recordings themselves are of today
        try:
            comparison.run()
        except VaultError:
            assert read[-1] == broken
    assert sorted(set(read)) == sorted({broken, other})


def test_what_unlocks_it_is_overwritten_before_it_is_removed(world, simulated, monkeypatch):
    recording = put(world, simulated)
    world.get(Destructions).order(recording, "retention", actor=STAFF, approved_by="staff:2")
    seen = {}

    def look(folder):
        seen.update({path.name: path.read_bytes()[:200] for path in folder.iterdir()})

    monkeypatch.setattr("portal.recordings.vault.shutil.rmtree", look)
    world.get(Destructions).run()
    assert seen
    assert all(set(start) == {0} for start in seen.values())


@pytest.mark.parametrize(
    "name", ["../manifest.jsonl", "p3-1.webm.age", "manifest.jsonl", "p1-1.webm", "", "p1-1.webm.age.header"]
)
def test_it_serves_nothing_but_tracks(world, simulated, name):
    recording = put(world, simulated)
    with pytest.raises(RecordingUnknown):
        world.get(RecordingService).stored(recording, name)


def test_looks_and_downloads_leave_events(world, simulated):
    recording, recordings = put(world, simulated), world.get(RecordingService)
    recordings.note_played(recording, actor=STAFF)
    recordings.note_downloaded(recording, "all", actor=STAFF)
    assert kinds(world, recording)[1:] == ["recordings.played", "recordings.downloaded"]
    with pytest.raises(RecordingUnknown):
        recordings.note_played(new_recording_id(), actor=STAFF)
