"""The door: who is let in with which ticket, and what is refused."""

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest

from portal.audit.service import AuditLog
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.recordings.age import Kind, new_identity
from portal.rooms.client import HttpMedia
from portal.rooms.domain import Outcome
from portal.rooms.errors import MediaAway, NotConsented, OfferRefused, RoomOver
from portal.rooms.joining import JoinService, Visitor
from portal.rooms.service import RoomService
from portal.rooms.tickets import Role, load_or_make_key
from portal.rooms.turn import Relay
from portal.study.service import StudyBook
from portal.team.domain import Role as TeamRole
from tests.rooms.conftest import OFFER
from tests.support.media import ANSWER


def post(client, address, body):
    page = client.get("/home")
    token = page.form_values(page.all("form")[0])["csrf_token"]
    return client.raw.post(address, json=body, headers={"X-CSRFToken": token})


def test_a_participant_gets_an_answer_and_a_ticket_that_says_who_she_is(in_room, media, world):
    client, person, room, _ = in_room
    answer = post(client, f"/room/{room.code}/join", OFFER)
    assert (answer.status_code, answer.json) == (200, {"sdp": ANSWER, "iceServers": []})
    [ticket] = media.joined
    assert (ticket.room, ticket.person, ticket.role, ticket.name) == (room.code, "p1", Role.PARTICIPANT, "Participant")
    assert not ticket.may_share
    assert person.study_id not in repr(replace(ticket, recording=None))
    joined = world.get(AuditLog).newest(1)[0]
    assert (joined.kind, joined.actor, joined.subject) == (
        "rooms.joined",
        f"participant:{person.study_id}",
        room.subject,
    )


def test_the_name_that_she_chose_is_shown(in_room, media):
    client, _, room, _ = in_room
    page = client.get("/room/check")
    client.submit(page, {"name": "Robin", "audio_only": "y", "camera": "", "microphone": "m" * 64})
    post(client, f"/room/{room.code}/join", OFFER)
    assert (media.joined[0].name, media.joined[0].video) == ("Robin", False)


def test_who_talks_without_a_picture_has_no_button_that_would_show_her_to_herself_alone(in_room):
    client, *_ = in_room
    pictures = ('data-act="camera"', 'data-act="blur"', 'id="room-camera"')
    assert all(one in client.get("/room/call").text for one in pictures)
    client.submit(client.get("/room/check"), {"audio_only": "y"})
    page = client.get("/room/call")
    assert not any(one in page.text for one in pictures)
    assert "untick “Talk without a picture”" in page.text


def test_the_study_may_want_the_study_id_instead(in_room, media, world):
    client, person, room, _ = in_room
    rules = world.get(StudyBook).current().study
    changed = rules.model_copy(
        update={"interview_room": rules.interview_room.model_copy(update={"display_name": "study_id"})}
    )
    world.get(StudyBook).publish(changed)
    post(client, f"/room/{room.code}/join", OFFER)
    assert media.joined[0].name == person.study_id


def test_a_study_may_send_every_call_through_the_relay(in_room, media, world):
    client, _, room, member = in_room
    book = world.get(StudyBook)
    study = book.current().study
    book.publish(
        study.model_copy(update={"interview_room": study.interview_room.model_copy(update={"relay_only": True})})
    )
    world.clock.forward(seconds=60)
    desk = world.sign_in(member)
    theirs = f"/workspace/interviews/{room.code}"
    for one, address in ((client, "/room/check"), (client, "/room/call"), (desk, theirs)):
        assert 'data-relay-only="true"' in one.get(address).text, address
    post(client, f"/room/{room.code}/join", OFFER)
    door = world.get(JoinService)
    door.join(room, door.visitor_of_team(room, member.id, member.name), "v=0")
    assert [one.relay_only for one in media.joined] == [True, True]


@pytest.mark.parametrize(
    "body",
    [None, [], "text", {}, {"sdp": ""}, {"sdp": None}, {"sdp": 7}, {"sdp": ["v=0"]}, {"sdp": "v" * 60_001}],
    ids=repr,
)
def test_what_is_no_offer_is_refused_before_it_reaches_media(in_room, media, body):
    client, _, room, _ = in_room
    answer = post(client, f"/room/{room.code}/join", body)
    assert (answer.status_code, answer.json) == (400, {"error": "offer_refused"})
    assert media.asked == []


@pytest.mark.parametrize("room_code", ["nothing", "%00", "..%2f..%2fmedia", "x" * 500])
def test_a_room_that_is_not_hers_does_not_exist(in_room, media, room_code):
    client, *_ = in_room
    assert post(client, f"/room/{room_code}/join", OFFER).status_code == 404
    assert media.asked == []


def test_another_participant_s_room_does_not_exist_either(in_room, media, world):
    other, _ = world.participant_client()
    assert post(other, f"/room/{in_room[2].code}/join", OFFER).status_code == 404
    assert media.asked == []


def test_without_its_token_nothing_happens(in_room, media):
    client, _, room, _ = in_room
    assert client.raw.post(f"/room/{room.code}/join", json=OFFER).status_code == 400
    assert media.asked == []


def test_nobody_joins_signed_out_or_as_the_other_side(in_room, media, world):
    client, _, room, _ = in_room
    assert post(client, f"/workspace/interviews/{room.code}/join", OFFER).status_code == 403
    nobody = world.client()
    token = nobody.get("/sign-in").form_values(nobody.get("/sign-in").all("form")[0])["csrf_token"]
    for address in (f"/room/{room.code}/join", f"/workspace/interviews/{room.code}/join"):
        assert nobody.raw.post(address, json=OFFER, headers={"X-CSRFToken": token}).status_code in (302, 400)
    assert media.asked == []


@pytest.mark.parametrize(
    ("code", "refused", "status", "said"),
    [
        (400, "offer_refused", 400, "offer_refused"),
        (403, "not_relayed", 400, "offer_refused"),
        (409, "room_full", 409, "full"),
        (410, "room_ended", 410, "over"),
        (503, "busy", 503, "busy"),
        (403, "ticket_forged", 503, "away"),
        (500, "", 503, "away"),
    ],
)
def test_media_s_refusals_become_words(in_room, media, code, refused, status, said):
    client, _, room, _ = in_room
    media.refuse = (code, refused)
    answer = post(client, f"/room/{room.code}/join", OFFER)
    how = {"how": "ended"} if said == "over" else {}
    assert (answer.status_code, answer.json) == (status, {"error": said} | how)


def test_a_media_process_that_is_away_is_said_so(in_room, world):
    client, _, room, _ = in_room
    answer = post(client, f"/room/{room.code}/join", OFFER)
    assert (answer.status_code, answer.json) == (503, {"error": "away"})
    assert "rooms.joined" not in [one.kind for one in world.get(AuditLog).newest(5)]


def test_an_ended_room_opens_to_nobody_any_more(in_room, media, world):
    client, person, room, member = in_room
    media.refuse = (410, "room_ended")
    post(client, f"/room/{room.code}/join", OFFER)
    assert world.get(RoomService).room(room.code).ended
    assert world.get(RoomService).open_by_hand(person, staff_id=member.id).code != room.code


def test_over_and_withdrawn_rooms_let_nobody_in(in_room, media, world):
    _, person, room, member = in_room
    door, rooms = world.get(JoinService), world.get(RoomService)
    visitor = door.visitor_of_team(room, member.id, "Researcher")
    world.get(ConsentService).withdraw(person, "stop-keep")
    with pytest.raises((NotConsented, RoomOver)):
        door.join(rooms.room(room.code), visitor, "v=0")
    rooms.mark(room, Outcome.DONE, "", staff_id=member.id)
    with pytest.raises(RoomOver):
        door.join(rooms.room(room.code), visitor, "v=0")
    assert media.joined == []


def test_the_first_of_the_team_runs_it_and_the_second_helps(in_room, media, world):
    _, _, room, member = in_room
    door, second = world.get(JoinService), world.member(TeamRole.LEAD)
    one = door.visitor_of_team(room, member.id, member.name)
    other = door.visitor_of_team(room, second.id, second.name)
    again = door.visitor_of_team(room, member.id, member.name)
    assert [one.role, other.role, again.role] == [Role.INTERVIEWER, Role.CO_INTERVIEWER, Role.INTERVIEWER]
    assert (one.person, other.person) == (f"s{member.id}", f"s{second.id}")
    door.join(room, one, "v=0")
    assert media.joined[0].may_share


def test_recording_needs_her_yes_and_the_team_s_key(in_room, media, world):
    _, person, room, member = in_room
    recorded = with_recipients(world, ("age1test",))
    visitor = recorded.visitor_of_team(room, member.id, member.name)
    participant = Visitor("p1", Role.PARTICIPANT, "", visitor.actor)
    guest = Visitor("g1", Role.SUPPORTER, "", visitor.actor)
    for one in (visitor, participant, guest):
        recorded.join(room, one, "v=0")
    [terms] = {one.recording for one in media.joined}
    assert terms.recipients == ("age1test",)
    assert world.get(RoomService).of_recording(terms.id).id == room.id
    given = world.get(ConsentService).state(person).given.reference
    assert [one.recording_consent for one in media.joined] == [f"staff:{member.id}", given, None]
    with_recipients(world, ()).join(room, participant, "v=0")
    assert (media.joined[-1].recording, media.joined[-1].recording_consent) == (None, None)
    world.get(ConsentService).withdraw(person, "stop-recording")
    recorded.join(room, visitor, "v=0")
    assert (media.joined[-1].recording, media.joined[-1].recording_consent) == (None, None)


def test_a_large_team_s_post_quantum_keys_fit_into_a_ticket(in_room, media, world):
    _, _, room, member = in_room
    keys = tuple(str(new_identity(Kind.HYBRID).recipient) for _ in range(20))
    door = with_recipients(world, keys)
    door.join(room, door.visitor_of_team(room, member.id, member.name), "v=0")
    assert media.joined[0].recording.recipients == keys


def with_recipients(world, keys):
    """The door of a team with these keys."""
    key = load_or_make_key(world.settings.instance / "keys" / "rooms.key")
    return JoinService(
        world.get(Database), world.clock, world.get(AuditLog), world.get(StudyBook), world.get(ConsentService),
        HttpMedia(world.settings.instance / "media.sock", key), Relay(), lambda: keys, key,
    )  # fmt: skip


def test_passwords_for_the_relay_are_coturn_s(world):
    relay = Relay(("turn:turn.example.org:3478",), "north")
    [server] = relay.ice_servers("p1", world.clock())
    assert server["urls"] == ["turn:turn.example.org:3478"]
    until, _, person = str(server["username"]).partition(":")
    assert (int(until), person) == (int(world.clock().timestamp()) + 6 * 3600, "p1")
    mac = hmac.new(b"north", str(server["username"]).encode(), hashlib.sha1).digest()
    assert server["credential"] == base64.b64encode(mac).decode()
    assert Relay().ice_servers("p1", world.clock()) == []


def test_a_flood_of_offers_is_slowed(in_room, media):
    client, _, room, _ = in_room
    seen = {post(client, f"/room/{room.code}/join", OFFER).status_code for _ in range(62)}
    assert seen == {200, 429}


def test_offers_refused_by_media_are_no_fault_of_ours(in_room, media, world):
    _, _, room, member = in_room
    visitor = world.get(JoinService).visitor_of_team(room, member.id, member.name)
    media.refuse = (400, "offer_refused")
    with pytest.raises(OfferRefused):
        world.get(JoinService).join(room, visitor, "junk")
    media.refuse = (200, "")
    with pytest.raises(MediaAway):
        world.get(JoinService).join(room, visitor, "junk")
