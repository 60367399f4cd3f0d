"""Whatever strangers and guests send, nobody else's call is disturbed. Real clients, a real process, bounded floods."""

import asyncio
import contextlib
import json
import os
import random
import re
import socket
import time
from unittest.mock import Mock

import pytest
from pylibsrtp import Error as SealFailed

from bench.rooms.client import Client, pump, receive
from bench.rooms.ours import Ours
from portal.rooms.media.dtls import Identity
from portal.rooms.media.peer import Peer
from portal.rooms.media.sdp import read_offer
from portal.rooms.media.srtp import CELL, Cell, SrtpFailed
from portal.rooms.media.wire import ADDRESSES, Wire
from portal.rooms.tickets import issue
from tests.support.rooms import Media, Study

PACKETS = 3000


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    one = Media(tmp_path_factory.mktemp("hostile") / "instance", public_url="http://127.0.0.1:8080")
    one.start()
    yield one
    one.stop()


def join(media: Media, study: Study, room: str, ticket: str, sdp: object) -> tuple[int, str]:
    status, body = media.request(
        "POST", f"/rooms/{room}/join", {"ticket": ticket, "offer": {"type": "offer", "sdp": sdp}}
    )
    return status, body.get("error", "")


def client_offer() -> str:
    client = Client("p1")
    try:
        return client.offer()
    finally:
        client._socket.close()


def test_it_refuses_tickets_that_are_forged_expired_early_of_another_room_or_used(media):
    study, sdp, now = Study(), client_offer(), int(time.time())

    def attempt(room: str = "r1", key: bytes = media.key, **changes: object) -> tuple[int, str]:
        return join(media, study, room, issue(study.ticket("r1", "p1", **changes), key), sdp)

    assert attempt(key=b"another key") == (403, "ticket_forged")
    assert join(media, study, "r1", "x" * 9000, sdp) == (403, "ticket_forged")
    assert attempt(expires=now - 60) == (403, "ticket_expired")
    assert attempt(not_before=now + 60, expires=now + 120) == (403, "ticket_early")
    assert attempt(room="r2") == (403, "ticket_wrong_room")
    used = issue(study.ticket("r1", "p1"), media.key)
    assert join(media, study, "r1", used, sdp)[0] == 200
    assert join(media, study, "r1", used, sdp) == (403, "ticket_replayed")


def test_it_refuses_offers_of_any_other_shape(media):
    study, good, chance = Study(), client_offer(), random.Random(4)
    lines = good.split("\r\n")
    bad = ["", "v=0", good * 20, good.replace("VP8", "VP9"), good.replace("m=audio", "m=audi\x00o")]
    bad += [good.replace("sendonly", "sendrecv"), good.replace("a=group:BUNDLE", "a=group:LS"), good[: len(good) // 2]]
    for _ in range(150):
        changed = list(lines)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(changed))
            what = chance.random()
            if what < 0.4:
                del changed[at]
            elif what < 0.7:
                cut = chance.randint(0, len(changed[at]))
                changed[at] = changed[at][:cut] + chance.choice(["", ":", " ", "99999999999", "é"]) + changed[at][cut:]
            else:
                changed.insert(at, chance.choice(lines))
        bad.append("\r\n".join(changed))
    for number, text in enumerate(bad):
        ticket = issue(study.ticket(f"offer{number}", "p1"), media.key)
        status, code = join(media, study, f"offer{number}", ticket, text)
        assert (status, code) in {(200, ""), (400, "offer_refused")}, text
    for strange in (None, 7, ["v=0"], {"type": "offer"}):
        ticket = issue(study.ticket("offers", "p1"), media.key)
        assert join(media, study, "offers", ticket, strange) == (400, "bad_request")
    assert media.request("POST", "/rooms/r1/join", "text") == (400, {"error": "bad_request"})
    logged_without_noise(media)


def logged_without_noise(media):
    """What was refused stands in a line or two, and nothing else does."""
    lines = media.log().splitlines()
    assert 1 <= len(lines) <= 3, lines
    assert all(re.fullmatch(r"media: refused: [a-z_]+ \d+(, [a-z_]+ \d+)*", one) for one in lines), lines


def test_it_refuses_addresses_where_only_the_relay_may_be_used(media):
    study, sdp = Study(), client_offer()
    ticket = issue(study.ticket("relay", "p1", relay_only=True), media.key)
    assert join(media, study, "relay", ticket, sdp) == (403, "not_relayed")
    hidden = sdp.replace("127.0.0.1 ", "0.0.0.0 ").replace("typ host", "typ relay")
    ticket = issue(study.ticket("relay", "p1", relay_only=True), media.key)
    assert join(media, study, "relay", ticket, hidden)[0] == 200


def test_sources_beyond_what_a_call_has_are_not_even_opened():
    """libsrtp would keep each, and look through all of them at every packet."""

    async def tried() -> tuple[list[int], list[int]]:
        wire = Wire([])
        peer = Peer(wire, Identity(), read_offer(client_offer(), may_share=False, relay_only=False), Mock())
        opened: tuple[list[int], list[int]] = [], []

        cell = Cell(memoryview(bytearray(CELL)))

        def unprotect(opening: Cell, size: int) -> int:
            opened[0].append(int.from_bytes(opening.view[8:12], "big"))
            return size

        def unprotect_rtcp(data: bytes) -> bytes:
            opened[1].append(int.from_bytes(data[4:8], "big"))
            return data

        peer._secure.unprotect, peer._secure.unprotect_rtcp = unprotect, unprotect_rtcp
        for source in range(1, 5000):
            for kind, packet in ((96, source.to_bytes(12, "big")), (201, source.to_bytes(8, "big"))):
                cell.view[: len(packet)] = packet
                cell.view[:4] = bytes((0x80, kind, 0, 1))
                with contextlib.suppress(ValueError):
                    peer.on_media(cell, len(packet), 1.0)
        for source in (1, peer.microphone.ssrc):
            cell.view[:12] = bytes((0x80, 96, 0, 2)) + source.to_bytes(8, "big")
            peer.on_media(cell, 12, 1.0)
        return opened

    media, reports = asyncio.run(tried())
    assert len(set(media) | set(reports)) < 70
    assert media[-2] == 1
    assert len(media) - len(set(media)) == 1


def test_connections_that_take_addresses_from_each_other_fill_no_memory():
    wire, links = Wire([]), [Mock(ufrag="a"), Mock(ufrag="b")]
    for link in links:
        wire.add(link)
        wire._know(b"first", link)
    for _ in range(100):
        for link in links:
            wire._know(b"second", link)
    assert {name: len(known) for name, known in wire._addresses.items()} == {"a": 2, "b": 2}
    assert wire._peers == {b"first": links[1], b"second": links[1]}
    for number in range(100):
        wire._know(b"%d" % number, links[0])
    assert len(wire._addresses["a"]) == ADDRESSES
    assert wire._peers[b"second"] is links[1]
    assert len(wire._peers) == ADDRESSES + 2
    for link in links:
        wire.remove(link)
    assert wire._peers == {}


def test_a_packet_that_cannot_be_sealed_for_one_is_taken_by_the_others():
    async def tried() -> tuple[int, int]:
        offer = read_offer(client_offer(), may_share=False, relay_only=False)
        sender, receiver = (Peer(Wire([]), Identity(), offer, Mock()) for _ in range(2))
        receiver._secure.protect, receiver._to = Mock(side_effect=SrtpFailed(9)), Mock(unsent=0)
        receiver.slots[0][0].attach(sender.microphone, 0.0)
        recorder = Mock()
        sender.microphone.sinks = (*sender.microphone.sinks, recorder)
        sender.microphone.packet(bytes((0x80, 111, 0, 7)) + bytes(8) + b"sound", 17, 1.0)
        return receiver._to.unsent, recorder.forward.call_count

    assert asyncio.run(tried()) == (1, 1)


@pytest.mark.parametrize("refusal", [SealFailed("no"), ValueError("too long")])
def test_what_cannot_be_asked_of_one_disturbs_neither_the_recording_nor_the_others(refusal):
    async def tried() -> int:
        peer = Peer(Wire([]), Identity(), read_offer(client_offer(), may_share=False, relay_only=False), Mock())
        peer.state, peer._to = "connected", Mock(unsent=0)
        peer._secure.protect_rtcp = Mock(side_effect=refusal)
        peer.send_rtcp(b"\x81\xce\x00\x02" + bytes(8))
        return peer._to.unsent

    assert asyncio.run(tried()) == 1


def test_floods_disturb_no_call():
    asyncio.run(_flooded())


async def _flooded() -> None:
    async with Ours() as ours:
        pair = await ours.room(0)
        for client in pair:
            client.begin(time.monotonic())
        pumping = asyncio.create_task(pump(pair, time.monotonic() + 200))
        await receive(pair, 150)
        await _strangers(pair[0]._remote)
        await _own_connection(pair[1])
        await _empty_and_early(ours)
        await receive(pair, 150)
        assert all(client.counts.gaps == 0 for client in pair)
        status, health = ours.media.request("GET", "/healthz")
        assert (status, health["status"]) == (200, "ok")
        figures = ours.media.request("GET", "/metrics")[1]
        for code in ("bad_message", "too_many", "not_admitted"):
            assert f'portal_media_refusals_total{{code="{code}"}}' in figures
        for reason in ("stranger", "stun", "empty"):
            assert f'portal_media_dropped_datagrams_total{{reason="{reason}"}}' in figures
        logged_without_noise(ours.media)
        pumping.cancel()
        await asyncio.gather(pumping, return_exceptions=True)
        for client in pair:
            await client.close()


async def _strangers(address: tuple[str, int]) -> None:
    """Somebody on the network who knows the port and nothing else."""
    chance = random.Random(1)
    stun = b"\x00\x01\x00\x08\x21\x12\xa4\x42" + os.urandom(12) + b"\x00\x06\x00\x04abcd"
    hello = b"\x16\xfe\xff" + os.urandom(200)
    alert = b"\x15\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x02\x28"
    kinds = [b"", stun, hello, alert, b"\x80\x60" + os.urandom(900), b"\x80\xc8" + os.urandom(60), os.urandom(40)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        for number in range(PACKETS):
            data = bytearray(kinds[number % len(kinds)])
            if data and chance.random() < 0.5:
                data[chance.randrange(len(data))] = chance.randrange(256)
            stranger.sendto(bytes(data), address)
            if number % 50 == 0:
                await asyncio.sleep(0.005)


async def _own_connection(client: Client) -> None:
    """A participant's own browser, or somebody who forges its address."""
    forged = [
        b"\x80\x60" + os.urandom(900),
        b"\x80\xc8" + os.urandom(60),
        b"\x80",
        b"\x81\xc9\x00\x07" + os.urandom(28),
    ]
    forged += [b"\x15\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x02\x28", b"\x16\xfe\xfd" + os.urandom(80)]
    for number in range(PACKETS // 2):
        client._send(forged[number % len(forged)])
        if number % 50 == 0:
            await asyncio.sleep(0.005)
    protect, protect_rtcp = client._dtls._tx_srtp.protect, client._dtls._tx_srtp.protect_rtcp
    for number in range(500):  # rightly keyed, and nonsense inside
        junk = os.urandom(4 * (number % 60))
        with contextlib.suppress(Exception):  # libsrtp itself refuses some of it
            client._send(
                protect_rtcp(bytes([0x80 | number % 32, 200 + number % 8]) + len(junk).to_bytes(2, "big") + junk)
            )
        with contextlib.suppress(Exception):
            client._send(protect(bytes([0x80 | number % 64]) + os.urandom(11 + number % 50)))
        if number % 50 == 0:
            await asyncio.sleep(0.005)


async def _empty_and_early(ours: Ours) -> None:
    """Data-channel messages of any shape and rate, and a participant who tries an interviewer's commands."""
    guest = Client("p2")
    await guest.join(lambda offer: ours.join("room0", "p2", offer))
    await asyncio.wait_for(guest.opened.wait(), 60)
    channel = guest.channel
    assert channel is not None
    guest.say("record_start", id=1)
    refused = await guest.until(lambda one: one.get("id") == 1)
    assert refused == {"type": "refused", "id": 1, "code": "not_admitted"}
    shapes = [
        "",
        "null",
        "[]",
        "{}",
        '{"type": 7}',
        "[" * 5000,
        "x" * 20_000,
        '{"type": "state", "camera": "yes"}',
        '{"type": "message", "text": 5}',
        '{"type": "admit"}',
        '{"type": "hello", "id": {}}',
        "\uffff",
    ]
    for text in shapes:
        channel.send(text)
    channel.send(os.urandom(500))
    for _ in range(300):
        channel.send(json.dumps({"type": "hello"}))
    await guest.until(lambda one: one.get("code") == "too_many")
    assert {one["code"] for one in guest.messages if one["type"] == "refused"} >= {"bad_message", "too_many"}
    snapshot = [one for one in guest.messages if one["type"] == "room"][-1]
    assert not snapshot["admitted"]
    assert snapshot["waiting"] == []
    await guest.close()


def test_a_participant_cannot_run_the_room():
    asyncio.run(_tried())


async def _tried() -> None:
    async with Ours(record=False) as ours:
        pair = await ours.room(0)
        participant = pair[1]
        participant.heard = participant.messages.append
        tried = ["admit", "decline", "mute_request", "record_start", "record_pause", "record_resume", "record_stop",
                 "message", "distress", "distress_over", "end"]  # fmt: skip
        for number, kind in enumerate(tried):
            participant.say(kind, id=number, person="i1", text="x")
        for number in range(len(tried)):
            answer = await participant.until(lambda one, number=number: one.get("id") == number)
            assert answer["code"] == "not_allowed"
        participant.say("state", id=99, sharing=True)
        assert (await participant.until(lambda one: one.get("id") == 99))["code"] == "not_allowed"
        for client in pair:
            await client.close()
