"""The live writer: what is on the disk while it writes, at close, and when the disk refuses."""

import errno
import hashlib
import io
import os
import stat

import pytest

from portal.recordings import age, sink
from portal.recordings.age import CHUNK, Kind
from portal.recordings.recovery import StillWriting, recover, repair
from portal.recordings.sink import Sink, SinkClosed, SinkFailed


@pytest.fixture
def keys():
    return [age.new_identity(Kind.X25519), age.new_identity(Kind.X25519)]


@pytest.fixture
def recipients(keys):
    return [one.recipient for one in keys]


def plaintext(path, identity):
    out = io.BytesIO()
    with path.open("rb") as file:
        age.decrypt(file, out, [identity])
    return out.getvalue()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 5 * CHUNK + 77])
@pytest.mark.parametrize("piece", [1000, 300_000])
def test_a_closed_file_is_the_media_and_nothing_else(tmp_path, keys, recipients, size, piece):
    content, one = os.urandom(size), Sink.create(tmp_path, "p1-1.webm", recipients)
    for number, at in enumerate(range(0, size, piece)):
        one.write(content[at : at + piece])
        one.tick(number / 10)
    closed = one.close()
    assert [path.name for path in tmp_path.iterdir()] == ["p1-1.webm.age"]
    path = tmp_path / closed.file
    assert plaintext(path, keys[1]) == content
    assert (closed.plaintext_bytes, closed.bytes) == (size, path.stat().st_size)
    assert closed.chunks == max(1, -(-size // CHUNK))
    assert recover(tmp_path) == []


def test_its_hashes_are_those_of_the_file(tmp_path, recipients):
    one = Sink.create(tmp_path, "p1-1.webm", recipients)
    one.write(os.urandom(200_000))
    closed = one.close()
    content = (tmp_path / closed.file).read_bytes()
    header = age.Header.read(io.BytesIO(content).readline).raw
    assert closed.sha256 == hashlib.sha256(content).hexdigest()
    assert closed.payload_sha256 == hashlib.sha256(content[len(header) :]).hexdigest()


def test_an_hour_of_voice_takes_at_most_five_per_cent_more_and_files_are_private(tmp_path, recipients):
    one, media = Sink.create(tmp_path, "p1-1.webm", recipients), bytes(4000)
    for second in range(3600):
        one.write(media)
        if second % 600 == 0:
            one.flush()
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())
    assert one.close().bytes < 3600 * len(media) * 1.05


def test_what_a_tick_wrote_down_can_be_completed_by_anybody(tmp_path, keys, recipients):
    one, content = Sink.create(tmp_path, "p1-1.webm", recipients), os.urandom(3 * CHUNK + 500)
    one.write(content)
    one.mark(2.5)
    assert one.durable_seconds == 0
    assert one.tick(10.0)
    assert (one.durable_bytes, one.durable_seconds) == (len(content), 2.5)
    assert not one.tick(10.4)
    assert one.tick(10.5)
    with pytest.raises(StillWriting):
        repair(one._names)
    one._stop()  # the process is gone
    (found,) = recover(tmp_path)
    assert (found.plaintext_bytes, found.problem) == (3 * CHUNK, "")
    both = plaintext(tmp_path / "p1-1.webm.age", keys[0]) + plaintext(tmp_path / found.more, keys[0])
    assert both == content


def test_no_place_is_sealed_with_two_plaintexts(tmp_path, recipients, monkeypatch):
    sealed, real = {}, age.Payload.seal

    def watched(self, index, chunk, *, last):
        assert sealed.setdefault((id(self), index, last), bytes(chunk)) == bytes(chunk)
        keep.append(self)
        return real(self, index, chunk, last=last)

    keep = []
    monkeypatch.setattr(age.Payload, "seal", watched)
    one = Sink.create(tmp_path, "p1-1.webm", recipients)
    for number in range(700):
        one.write(os.urandom(700))
        one.tick(number / 4)
    one.close()
    assert len(sealed) > 300


def failing(monkeypatch, after: int, number: int = errno.ENOSPC, *, for_ever: bool = False) -> None:
    """The disk takes so many more bytes; then it refuses once, or until the reserve is given free."""
    room, real_write, real_unlink = [after], os.write, sink.Path.unlink

    def write(handle, data):
        if room[0] <= 0:
            raise OSError(number, os.strerror(number))
        taken = real_write(handle, memoryview(data)[: room[0]])
        room[0] -= taken
        return taken

    def unlink(self, missing_ok=False):
        if self.name.endswith(".reserve") and not for_ever and self.exists():
            room[0] += 8 * age.SEALED
        return real_unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(sink.Path, "unlink", unlink)


def write_until_it_fails(one: Sink, content: bytes) -> int:
    """Gives the bytes that were handed over."""
    for number, at in enumerate(range(0, len(content), 1500)):
        try:
            one.write(content[at : at + 1500])
            one.tick(number / 10)
        except SinkFailed:
            return at + 1500
    raise AssertionError("it did not fail")


@pytest.mark.parametrize("after", [0, 10, 65_000, 65_552, 70_000, 131_104, 200_000])
def test_a_full_disk_is_told_once_and_everything_handed_over_is_kept(tmp_path, keys, recipients, monkeypatch, after):
    one, content = Sink.create(tmp_path, "p1-1.webm", recipients), os.urandom(900_000)
    failing(monkeypatch, after)
    taken = write_until_it_fails(one, content)
    monkeypatch.undo()
    with pytest.raises(SinkClosed):
        one.write(b"more")
    assert [path.name for path in tmp_path.iterdir()] == ["p1-1.webm.age"]
    assert plaintext(tmp_path / "p1-1.webm.age", keys[0]) == content[:taken]
    assert one.durable_bytes == taken


@pytest.mark.parametrize("after", [200_000, 300_000, 400_000])
def test_a_disk_that_stays_full_still_leaves_what_the_last_tick_wrote(tmp_path, keys, recipients, monkeypatch, after):
    one, content = Sink.create(tmp_path, "p1-1.webm", recipients), os.urandom(900_000)
    failing(monkeypatch, after, for_ever=True)
    write_until_it_fails(one, content)
    monkeypatch.undo()
    recover(tmp_path)
    parts = [tmp_path / "p1-1.webm.age", tmp_path / "p1-1.webm.more.age"]
    kept = b"".join(plaintext(path, keys[0]) for path in parts if path.exists())
    assert kept == content[: len(kept)]
    assert len(kept) >= one.durable_bytes > 0


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EIO, "the disk has failed"),
        (errno.EFBIG, "largest size"),
        (errno.EDQUOT, "quota"),
    ],
)
def test_it_says_why_in_plain_words(tmp_path, recipients, monkeypatch, number, told):
    one = Sink.create(tmp_path, "p1-1.webm", recipients)
    failing(monkeypatch, 0, number)
    with pytest.raises(SinkFailed, match=told):
        one.write(bytes(3 * CHUNK))


def test_a_disk_that_is_full_from_the_start_leaves_nothing_behind(tmp_path, recipients, monkeypatch):
    failing(monkeypatch, 100, for_ever=True)
    with pytest.raises(SinkFailed, match="the disk is full"):
        Sink.create(tmp_path, "p1-1.webm", recipients)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../p1.webm", "a/b.webm", ".webm", "p1.webm.age", "P1.webm", "p1", "x" * 60 + ".webm"]
)
def test_it_takes_no_name_that_leads_elsewhere(tmp_path, recipients, name):
    with pytest.raises(ValueError, match="not a name"):
        Sink.create(tmp_path, name, recipients)


def test_it_never_writes_over_a_file(tmp_path, recipients):
    Sink.create(tmp_path, "p1-1.webm", recipients).close()
    with pytest.raises(SinkFailed):
        Sink.create(tmp_path, "p1-1.webm", recipients)
