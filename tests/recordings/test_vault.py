"""The vault on disk and on a real S3 server: nothing outside the root, nothing for others, nothing half there."""

import os
import shutil
import socket
import stat
import subprocess
import sys
import time

import boto3
import pytest

from portal.audit.domain import Actor
from portal.recordings import age
from portal.recordings.catalogue import Catalogue
from portal.recordings.comparing import Comparison
from portal.recordings.destroying import Destructions
from portal.recordings.domain import new_recording_id
from portal.recordings.errors import RecordingUnknown, VaultError
from portal.recordings.places import Places
from portal.recordings.s3 import S3
from portal.recordings.service import RecordingService
from portal.recordings.vault import Files

OUTSIDE = [
    "../secret.age",
    "..",
    "a/b.age",
    "/etc/passwd",
    "p1-1.webm.age\n",
    "P1.webm.age",
    ".age",
    "x" * 80 + ".webm.age",
]


@pytest.fixture(scope="session")
def moto():
    """A real server process with the S3 interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"127.0.0.1:{port}"
    server.terminate()
    server.wait(60)


@pytest.fixture(scope="session")
def bucket(moto):
    client = boto3.client(
        "s3", endpoint_url=f"http://{moto}", aws_access_key_id="KEY", aws_secret_access_key="SE/CRET",
        region_name="us-east-1",
    )  # fmt: skip
    client.create_bucket(Bucket="vault")
    client.put_bucket_versioning(Bucket="vault", VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.fixture
def s3(bucket, moto):
    return S3(f"s3+http://KEY:SE%2FCRET@{moto}/vault/study-1")


@pytest.fixture(params=["files", "s3"])
def storage(request, tmp_path):
    return Files(tmp_path / "vault") if request.param == "files" else request.getfixturevalue("s3")


def test_what_was_put_is_read_in_any_stretch(storage, tmp_path):
    recording, content = new_recording_id(), os.urandom(300_000)
    path = tmp_path / "p1-1.webm.age"
    path.write_bytes(content)
    storage.put_file(recording, path)
    storage.put(recording, "p1-1.webm.age.header", b"first")
    storage.put(recording, "p1-1.webm.age.header", b"second")
    assert {one.name: one.size for one in storage.entries(recording)} == {path.name: 300_000, "p1-1.webm.age.header": 6}
    for start, length in ((0, 10), (65_000, 70_000), (299_990, 100), (300_000, 10), (400_000, 10), (5, 0)):
        assert storage.read_at(recording, path.name, start, length) == content[start : start + length]
    assert storage.read_at(recording, "p1-1.webm.age.header", 0, 99) == b"second"
    assert recording in set(storage.recordings())


def test_a_destroyed_recording_is_gone_and_may_be_destroyed_again(storage, tmp_path):
    recording, other = new_recording_id(), new_recording_id()
    for one in (recording, other):
        storage.put(one, "manifest.jsonl", b"{}")
        storage.put(one, "manifest.jsonl", b"{} ")
    storage.destroy(recording)
    storage.destroy(recording)
    assert storage.entries(recording) == []
    assert recording not in set(storage.recordings())
    assert storage.entries(other)
    with pytest.raises(RecordingUnknown):
        storage.read_at(recording, "manifest.jsonl", 0, 1)


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_name_leads_elsewhere(storage, name):
    recording = new_recording_id()
    storage.put(recording, "manifest.jsonl", b"{}")
    for act in (lambda: storage.read_at(recording, name, 0, 1), lambda: storage.put(recording, name, b"x")):
        with pytest.raises(RecordingUnknown):
            act()
    for act in (storage.entries, storage.destroy, lambda it: storage.read_at(it, "manifest.jsonl", 0, 1)):
        with pytest.raises(RecordingUnknown):
            act(name)


def test_earlier_versions_are_destroyed_as_well(s3, bucket):
    recording = new_recording_id()
    for content in (b"one", b"two"):
        s3.put(recording, "manifest.jsonl", content)
    s3.destroy(recording)
    left = bucket.list_object_versions(Bucket="vault", Prefix=f"study-1/{recording}")
    assert (left.get("Versions"), left.get("DeleteMarkers")) == (None, None)


def test_a_recording_moves_whole_or_not_at_all(tmp_path, s3, simulated, monkeypatch):
    places, recording = Places(Files(simulated.root), s3), simulated.folder.name
    contents = {path.name: path.read_bytes() for path in simulated.folder.iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(s3._client, "put_object", lambda **_: (_ for _ in ()).throw(OSError("the line is cut")))
        with pytest.raises(VaultError):
            places.move_away(recording)
    assert {path.name: path.read_bytes() for path in simulated.folder.iterdir()} == contents
    assert places.move_away(recording)
    assert not places.move_away(recording)
    assert not simulated.folder.exists()
    assert {name: places.whole(recording, name) for name in contents} == contents


def test_what_has_moved_is_read_given_new_headers_and_destroyed_there(make_world, bucket, moto, simulated):
    world = make_world("sqlite", vault_url=f"s3+http://KEY:SE%2FCRET@{moto}/vault/moved")
    recording, vault = simulated.folder.name, world.settings.instance / "vault"
    shutil.copytree(simulated.root, vault, dirs_exist_ok=True)
    assert (world.get(Catalogue).run(), world.get(Catalogue).move(), world.get(Catalogue).move()) == (1, 1, 0)
    assert not (vault / recording).exists()
    recordings, path = world.get(RecordingService), simulated.folder / "p1-1.webm.age"
    assert recordings.stored(recording, path.name).read_at(70_000, 5000) == path.read_bytes()[70_000:75_000]
    newcomer = age.new_identity(age.Kind.X25519)
    both = [newcomer.recipient, simulated.recovery.recipient]
    headers = {
        one.name: age.rewrap(
            age.header_at(lambda at, n, p=one: p.read_bytes()[at : at + n]).raw,
            [simulated.member],
            both,
        )
        for one in simulated.folder.glob("*.age")
    }
    actor = Actor.staff(1)
    recordings.rewrap(recording, headers, [one.fingerprint for one in both], actor=actor, approved_by="staff:2")
    reader = age.Reader(
        recordings.stored(recording, path.name).read_at, recordings.stored(recording, path.name).size, [newcomer]
    )
    assert reader.read(0, 4) == b"\x1a\x45\xdf\xa3"
    assert (world.get(Comparison).run(), world.get(Comparison).strangers()) == (0, [])
    world.get(Destructions).order(recording, "withdrawal", actor=actor, approved_by="staff:2")
    assert world.get(Destructions).run() == 1
    left = bucket.list_object_versions(Bucket="vault", Prefix=f"moved/{recording}")
    assert (left.get("Versions"), left.get("DeleteMarkers")) == (None, None)


def test_a_service_that_is_away_is_told_without_its_key():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        away = S3(f"s3+http://KEY:SECRET@127.0.0.1:{probe.getsockname()[1]}/vault")
        with pytest.raises(VaultError) as told:
            away.entries(new_recording_id())
    assert "does not answer" in str(told.value)
    assert "SECRET" not in str(told.value)


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket",
        "https://K:S@host/bucket",
        "s3+https://host/bucket",
        "s3+https://K:S@host",
        "s3+http://K:S@example.org/b",
    ],
)
def test_an_address_that_makes_no_sense_is_told_without_its_key(url):
    with pytest.raises(ValueError, match="s3") as told:
        S3(url)
    assert "K:S" not in str(told.value)


def test_folders_and_files_are_private_and_links_are_not_followed(tmp_path):
    files, recording = Files(tmp_path / "vault"), new_recording_id()
    folder = files.new_folder(recording)
    files.put(recording, "manifest.jsonl", b"{}")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "vault", folder)] == [0o700, 0o700]
    assert stat.S_IMODE((folder / "manifest.jsonl").stat().st_mode) == 0o600
    (tmp_path / "secret").write_text("secret", encoding="ascii")
    (folder / "p1-1.webm.age").symlink_to(tmp_path / "secret")
    assert [one.name for one in files.entries(recording)] == ["manifest.jsonl"]
    with pytest.raises(RecordingUnknown):
        files.read_at(recording, "p1-1.webm.age", 0, 10)
    files.destroy(recording)
    assert (tmp_path / "secret").read_text(encoding="ascii") == "secret"
