"""A recording between the event loop and the disk: in turns, to the end, and with an alarm where it cannot go on."""

import asyncio
import gc
import threading
import time
import weakref
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from portal.recordings import age, manifest
from portal.recordings.domain import new_recording_id
from portal.rooms.media import datagrams, rtp, wire
from portal.rooms.media.composer import Composer
from portal.rooms.media.desk import Hands
from portal.rooms.media.house import House
from portal.rooms.media.inbound import Inbound
from portal.rooms.media.journal import Journals
from portal.rooms.media.part import AUDIO, RATES, VIDEO
from portal.rooms.media.recorded import Media, Progress, Release, Renewed, Take, Tell
from portal.rooms.media.takings import Takings
from portal.rooms.media.writer import Writer
from portal.rooms.media.writing import Writing
from portal.rooms.tickets import RecordingTerms, Role

SOUND = b"\x78" + bytes(40)


class Waiting:
    """Stands for the takings: what a test puts in."""

    def __init__(self):
        self.events, self.persons, self.bytes = [], {"p1"}, 0

    def drain(self):
        events, self.events = self.events, []
        return events

    def clear(self):
        self.events = []


class One:
    """A recording that is under way."""

    def __init__(self, hands, folder):
        self.takings, self.failed, self.progress = Waiting(), [], []
        self.writing = Writing(
            self.takings, hands, beat=lambda now: None, progressed=self.progress.append, failed=self.failed.append
        )
        self.folder = folder / new_recording_id()
        recipient = str(age.new_identity().recipient)
        terms = RecordingTerms(self.folder.name, (recipient,), "0" * 64)
        self.origin = time.monotonic() - 60
        self.writer = Writer(self.folder, "r1", terms, self.origin, lambda: datetime.now(UTC))
        self.writing.begin(self.writer, self.origin)

    def said(self, seconds, *, at=0.0, first=1):
        """Sound of one person, who was taken a minute ago."""
        start = self.origin + at
        packets = [
            (first + number, number * 960, 0, SOUND, start + number * 0.02) for number in range(round(seconds * 50))
        ]
        self.takings.events += [Take("p1", Role.PARTICIPANT, self.origin), Media("p1", AUDIO, packets)]

    @property
    def kinds(self):
        return [line.kind for line in manifest.read((self.folder / manifest.FILE).read_bytes())]

    def unlocked(self):
        """Nobody holds the manifest any more."""
        manifest.Manifest.resume(self.folder).close()
        return True


@pytest.fixture
def hands():
    one = Hands(2)
    yield one
    one.close()


def refuse(*_):
    raise OSError(28, "No space left on device")


def test_a_last_batch_that_the_disk_refuses_is_told_and_leaves_no_file_open(hands, tmp_path, monkeypatch):
    async def go():
        one = One(hands, tmp_path)
        one.said(10)
        monkeypatch.setattr("portal.rooms.media.part_file.PartFile.cluster", refuse)
        one.writing.finish("room_ended")
        await one.writing.idle()
        return one

    one = asyncio.run(go())
    assert one.failed == ["disk_full"]
    assert "ended" not in one.kinds
    assert one.unlocked()
    assert not one.writing.under_way


def test_a_batch_that_fails_when_the_end_waits_behind_it_is_told_once(hands, tmp_path, monkeypatch):
    async def go():
        one = One(hands, tmp_path)
        one.said(10)
        monkeypatch.setattr("portal.rooms.media.part.Part.flush", refuse)
        one.writing._hand_over(time.monotonic())
        one.writing.finish("room_ended")
        await one.writing.idle()
        return one

    one = asyncio.run(go())
    assert one.failed == ["error"]
    assert "ended" not in one.kinds
    assert one.unlocked()


def test_a_recording_that_cannot_be_composed_leaves_the_turn_to_the_others(hands, tmp_path, monkeypatch):
    async def go():
        one, other = One(hands, tmp_path), One(hands, tmp_path)
        one.takings.events = [Take("p1", Role.PARTICIPANT, one.origin), Media("p1", "smell", [(1, 2, 3, b"", 4.0)])]
        one.writing._hand_over(time.monotonic())
        other.said(10)
        other.writing.finish("room_ended")
        await asyncio.gather(one.writing.idle(), other.writing.idle())
        return one, other

    one, other = asyncio.run(go())
    assert one.failed == ["error"]
    assert one.unlocked()
    assert other.failed == []
    assert other.kinds == ["opened", "part", "track", "index", *other.kinds[4:-2], "closed", "ended"]


def test_a_recording_whose_beat_fails_ends_with_an_alarm_instead_of_growing_unwritten(hands, tmp_path):
    async def go():
        one = One(hands, tmp_path)
        one.writing._beat = refuse
        one.said(10)
        one.writing._batch()
        await one.writing.idle()
        return one

    one = asyncio.run(go())
    assert one.failed == ["error"]
    assert one.unlocked()
    assert one.takings.drain() == []


def test_a_recording_whose_takings_cannot_be_fetched_ends_with_an_alarm(hands, tmp_path):
    async def go():
        one = One(hands, tmp_path)
        one.takings.drain = refuse
        await asyncio.sleep(1)
        await one.writing.idle()
        return one

    one = asyncio.run(go())
    assert one.failed == ["error"]
    assert one.unlocked()


def test_what_was_taken_is_forgotten_with_a_recording_that_is_discarded(hands, tmp_path):
    async def go():
        one = One(hands, tmp_path)
        one.said(10)
        one.writing._hand_over(time.monotonic())
        await one.writing.idle()
        part = weakref.ref(one.writing._composer._parts["p1"])
        done = []
        one.writing.abandon(lambda: done.append(one.unlocked()) or Progress())
        await one.writing.idle()
        assert done == [True]
        gc.collect()
        assert part() is None

    asyncio.run(go())


def test_a_part_that_never_began_leaves_its_number_to_the_next(hands, tmp_path):
    async def go():
        one = One(hands, tmp_path)
        one.takings.events = [
            Take("p1", Role.PARTICIPANT, one.origin), Release("p1", one.origin + 1), Tell("pause", {"ms": 1000})
        ]  # fmt: skip
        one.writing._hand_over(time.monotonic())
        one.takings.events = [Tell("resume", {"ms": 2000})]
        one.said(10, at=2)
        one.writing.finish("room_ended")
        await one.writing.idle()
        return one

    one = asyncio.run(go())
    assert one.failed == []
    assert one.kinds[:4] == ["opened", "pause", "resume", "part"]
    assert [path.name for path in one.folder.glob("*.age")] == ["p1-1.webm.age"]


def test_a_disk_that_is_slow_for_one_holds_up_nobody_else(hands, tmp_path):
    async def go():
        slow, other = One(hands, tmp_path), One(hands, tmp_path)
        await asyncio.gather(slow.writing.idle(), other.writing.idle())
        stuck, perform = threading.Event(), slow.writer.perform
        slow.writer.perform = lambda *what: stuck.wait(30) and perform(*what)
        slow.said(10)
        slow.writing._hand_over(time.monotonic())
        other.said(10)
        other.writing.finish("room_ended")
        await asyncio.wait_for(other.writing.idle(), 10)
        stuck.set()
        await slow.writing.idle()
        return slow, other

    slow, other = asyncio.run(go())
    assert other.kinds[-1] == "ended"
    assert slow.failed == []
    assert slow.progress


def test_what_is_withdrawn_while_an_ended_room_is_still_written_is_discarded_after_that(tmp_path):
    async def go():
        journals = Journals(tmp_path / "rooms", lambda: datetime.now(UTC))
        house = House(None, b"", journals, tmp_path, lambda: datetime.now(UTC))
        one = One(house._hands, tmp_path)
        journals.note("r1", "recording_started", recording=one.folder.name, began=time.time())
        stuck, end = threading.Event(), one.writer.end
        one.writer.end = lambda *what: stuck.wait(30) and end(*what)
        one.said(10)
        one.writing.finish("room_ended")
        house._ended(SimpleNamespace(name="r1", recorder=SimpleNamespace(closed=one.writing.idle)))
        house.withdraw("r1", "p1", discard=None)
        await asyncio.sleep(0.2)
        stuck.set()
        await house.close()
        journals.close()
        return one

    one = asyncio.run(go())
    assert one.failed == []
    assert one.kinds[-2:] == ["ended", "discarded"]
    assert [path.name for path in one.folder.iterdir()] == [manifest.FILE]


def packets_of(kind, many):
    return Media("p1", kind, [(number, number * 900, 0x80, b"\x11" + bytes(50), 1.0) for number in range(many)])


@pytest.mark.parametrize("media", [[packets_of(VIDEO, 5000)], [packets_of(AUDIO, 38), packets_of(VIDEO, 135)]])
def test_recordings_keep_up_with_what_is_received_while_they_are_composed(media):
    """A pass of the event loop reads so many packets at most: each pass composes more, however much there is to do."""

    async def passes():
        composer, count = Composer(0.0), 0
        await composer.compose([Take("p1", Role.PARTICIPANT, 0.0)], 0.5)
        composing = asyncio.ensure_future(composer.compose(media, 2.0))
        while not composing.done():
            count += 1
            await asyncio.sleep(0)
        return count - 1  # in the first it only begins

    assert asyncio.run(passes()) < sum(len(one.packets) for one in media) / (wire.BURSTS * datagrams.AT_ONCE)


def test_who_was_absent_is_taken_again_on_the_same_connection():
    async def tried():
        microphone, camera = (Inbound(kind, RATES[kind], 111, lambda *_: None) for kind in (AUDIO, VIDEO))
        peer = Mock(microphone=microphone, camera=camera)
        member, takings, taken = Mock(person="p1", peer=peer), Takings(lambda: 0), []
        for seq, present in enumerate(([member], [member], [], [member])):
            takings.follow(present, 1.0)
            microphone.packet(rtp.HEADER.pack(0x80, 111, seq, 960 * seq, 5) + SOUND, 12 + len(SOUND), 1.0)
            taken.append([type(event) for event in takings.drain() if isinstance(event, Media | Renewed)])
        camera.close()
        return taken

    assert asyncio.run(tried()) == [[Media], [Media], [], [Media]]


def test_a_browser_is_asked_how_its_sound_stands_when_that_has_become_doubtful(hands, tmp_path):
    async def tried():
        one = One(hands, tmp_path)
        one.said(5)
        await asyncio.sleep(1)
        one.takings.events += [
            Media("p1", AUDIO, [(251 + at, (250 + at) * 960, 0, SOUND, one.origin + 9 + at * 0.02) for at in range(50)])
        ]
        await asyncio.sleep(1)
        one.writing.finish("stopped")
        await one.writing.idle()
        return [progress.reports for progress in one.progress if progress]

    assert {"p1"} in asyncio.run(tried())


def test_only_who_is_connected_is_asked_how_her_sound_stands():
    async def tried():
        microphone, camera = (Inbound(kind, RATES[kind], 111, lambda *_: None) for kind in (AUDIO, VIDEO))
        peer, takings = Mock(microphone=microphone, camera=camera), Takings(lambda: 0)
        takings.follow([Mock(person="p1", peer=peer)], 1.0)
        peer.reset_mock()
        takings.request_reports({"p1", "p2"})
        asked = peer.ask_sender_reports.call_count
        takings.follow([], 2.0)
        takings.request_reports({"p1"})
        return asked, peer.ask_sender_reports.call_count

    assert asyncio.run(tried()) == (1, 1)
