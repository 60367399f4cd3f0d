"""The pages around the room, for participants, guests and the team. Each is checked as HTML by the client."""

import html
import json
import re

import pytest

from portal.audit.service import AuditLog
from portal.consent.domain import Signature
from portal.consent.service import ConsentService
from portal.rooms.domain import Ending, GuestRole, Outcome
from portal.rooms.guests import GuestList
from portal.rooms.notes import Notebook
from portal.rooms.service import RoomService
from portal.study.service import StudyBook
from portal.team.domain import Role
from tests.own_copy.test_own_copy import copy_of
from tests.rooms.conftest import OFFER
from tests.rooms.test_closing import happened
from tests.rooms.test_opening import booked


def token_of(page):
    return page.form_values(page.all("form")[0])["csrf_token"]


def test_from_home_to_the_room(in_room):
    client, person, room, _ = in_room
    home = client.get("/home")
    assert "Your interview room is open." in home.text
    start = client.get("/room")
    assert "Are you alone? Is it safe to talk?" in start.text
    assert "/room/not-now" in start.links()
    assert client.get("/room/not-now").heading == "That is fine"
    check = client.get("/room/check")
    call = client.submit(check, {"name": "Robin", "blur": "y", "camera": "c" * 64})
    assert call.address == "/room/call"
    assert f'data-join="/room/{room.code}/join"' in call.text
    assert f'data-camera="{"c" * 64}"' in call.text
    assert 'data-blur="true"' in call.text
    assert person.study_id not in call.text


def test_before_and_without_an_interview_it_says_so(world):
    client, invited = world.participant_client()
    client.get("/information")
    world.consent(invited.participant)
    assert "No interview is arranged" in client.get("/room").text
    assert client.get("/room/call").address == "/room"
    check = client.get("/room/check")
    assert "Go to the waiting room" not in check.text
    assert client.submit(check, {}).address == "/room"
    assert "Keep these choices" in check.text


def test_where_the_study_names_no_number_for_calls_its_own_is_given(in_room, world):
    client, *_ = in_room
    book = world.get(StudyBook)
    study = book.current().study
    rules = study.interview_room.model_copy(update={"fallback_phone": ""})
    contacts = [one.model_copy(update={"phone": "01632 960 777"}) for one in study.contacts]
    book.publish(study.model_copy(update={"interview_room": rules, "contacts": tuple(contacts)}))
    for address in ("/room", "/room/check", "/room/call", "/room/not-now", "/room/over/ended", "/room/over/stopped"):
        main = client.get(address).all("main")[0]
        assert [one.get("href") for one in main.iter() if one.get("href", "").startswith("tel:0163")], address


def test_a_name_that_is_too_long_or_odd_is_sent_back_and_nothing_is_lost(in_room):
    client, *_ = in_room
    page = client.submit(client.get("/room/check"), {"name": "x" * 41, "audio_only": "y"})
    assert page.title.startswith("Error:")
    assert "Use 40 characters or fewer" in page.text
    assert "x" * 41 in page.text


def test_only_rooms_may_use_camera_and_microphone(in_room):
    client, *_ = in_room
    for address, allowed in (("/room/check", True), ("/room/call", True), ("/room", False), ("/home", False)):
        answer = client.raw.get(address)
        assert ("camera=(self)" in answer.headers["Permissions-Policy"]) is allowed, address
        assert ("wasm-unsafe-eval" in answer.headers["Content-Security-Policy"]) is allowed, address


@pytest.mark.parametrize("how", Ending)
def test_every_end_is_kind_and_tells_where_help_is(in_room, how):
    client, *_ = in_room
    page = client.get(f"/room/over/{how}")
    assert "Samaritans" in page.text
    assert ("Go back to the call" in page.text) is (how in ("left", "stopped", "declined", "replaced"))
    assert ("How are you now?" in page.text) is (how in ("ended", "left", "stopped", "done", "ended_early"))
    blames = ("attend", "broke", "missed your", "late", "did not come", "waited too")
    assert not [one for one in blames if one in " ".join(page.all("main")[0].itertext()).split("How are you now?")[0]]


@pytest.mark.parametrize(
    ("how", "heading", "told", "next_step"),
    [
        ("done", "Thank you for talking with us", "The interview is done", None),
        ("ended_early", "The call has ended early. That is all right.", "You did nothing wrong", "/interview"),
        ("not_held", "We could not talk this time", "You did nothing wrong", "/interview"),
        ("hours", "This call is closed now", "If you waited for us, we are sorry.", "/interview"),
        ("cancelled", "This call does not take place", "It was cancelled", "/interview"),
        ("moved", "Your call has another time now", "You do not need to wait here any longer.", "/interview"),
        ("by_phone", "We talk by phone", "You do not need to stay on this page.", "/interview"),
        ("withdrawn", "Thank you", "You have stopped taking part", None),
    ],
)
def test_she_reads_why_it_is_over_and_what_she_can_do(in_room, how, heading, told, next_step):
    page = in_room[0].get(f"/room/over/{how}")
    assert page.heading == heading
    assert told in page.text
    assert next_step is None or next_step in page.links()


def test_who_is_moved_reads_her_new_time(world):
    client, invited = world.participant_client()
    client.get("/information")
    world.consent(invited.participant)
    booked(world, invited.participant, 12)
    assert "It is on 25 November 2026" in client.get("/room/over/moved").text


@pytest.mark.parametrize("how", Ending)
def test_a_guest_is_told_nothing_of_the_participant(in_room, how):
    page = in_room[0].get(f"/guest-over/{how}")
    words = " ".join(page.all("main")[0].itertext())
    assert not [one for one in ("interview", "cancel", "attend", "taking part", "phone:") if one in words.lower()]


def test_an_unknown_end_is_no_page(in_room):
    assert in_room[0].get("/room/over/nothing").status == 404


def test_if_she_said_no_to_recording_the_room_says_so(world):
    client, invited = world.participant_client()
    client.get("/information")
    consents = world.get(ConsentService)
    world.answers(invited.participant, recording=False)
    consents.give(invited.participant, consents.form(invited.participant)[1].content_hash, Signature("Invented Person"))
    staff = world.staff_client()
    page = staff.submit(
        staff.get(f"/workspace/participants/{invited.participant.study_id}"), {}, form=find(staff, invited)
    )
    assert "agreed to the interview and not to a recording" in page.text
    assert "You said no to recording" in client.get("/room/call").text


def find(staff, invited):
    """Which form of the participant's page opens the room."""
    page = staff.get(f"/workspace/participants/{invited.participant.study_id}")
    forms = list(page.all("main")[0].iter("{http://www.w3.org/1999/xhtml}form"))
    return next(at for at, one in enumerate(forms) if "/interviews/open/" in str(one.get("action")))


@pytest.fixture
def desk(in_room, world):
    """The interviewer at her browser."""
    _, person, room, member = in_room
    world.clock.forward(seconds=60)
    return world.sign_in(member), person, room


def test_the_list_leads_into_the_room_with_guide_notes_and_protocol(desk, world):
    client, _, room = desk
    listing = client.get("/workspace/interviews")
    assert f"/workspace/interviews/{room.code}" in listing.links()
    page = client.get(f"/workspace/interviews/{room.code}")
    documents = world.get(StudyBook).current().study.documents["carer"]
    for topic in documents.topic_guide.topics:
        assert f'id="topic-{topic.key}"' in page.text
    assert documents.distress_protocol.title in page.text
    assert "the team has no key" in page.text


def test_who_writes_notes_or_a_reason_is_told_that_the_participant_may_read_them(desk, in_room, world):
    client, person, room = desk
    *_, member = in_room
    world.get(Notebook).keep(room, member.id, "She was tired", 0)
    world.get(RoomService).mark(room, Outcome.BROKEN_OFF, "The line broke", staff_id=member.id)
    her_copy = copy_of(world, person)["your-data.html"].decode()
    assert "She was tired" in her_copy
    assert "The line broke" in her_copy
    for page in ("", "/outcome"):
        told = client.get(f"/workspace/interviews/{room.code}{page}").text
        assert "with a copy of their data, if they ask for one" in told
        assert "Only you can read them" not in told


@pytest.mark.parametrize(
    ("how", "told", "outcome"),
    [
        ("hours", "Its hours are over and nobody was talking in it.", True),
        ("cancelled", "The booking was cancelled.", True),
        ("moved", "The booking has another time now.", False),
        ("by_phone", "The interview is booked by phone now.", False),
        ("withdrawn", "has stopped taking part", True),
        ("not_held", "It was marked that this interview did not take place", True),
        ("done", "It was marked how this interview ended", True),
        ("replaced", "The call with", False),
    ],
)
def test_the_team_reads_why_a_room_is_closed_and_what_comes_next(desk, how, told, outcome):
    client, _, room = desk
    page = client.get(f"/workspace/interviews/{room.code}")
    address = f"/workspace/interviews/{room.code}/closed/{how}"
    assert f'"{how}": "{address}"' in html.unescape(page.text)
    closed = client.get(address)
    assert told in closed.text
    assert (f"/workspace/interviews/{room.code}/outcome" in closed.links()) is outcome
    assert client.get(f"/workspace/interviews/{room.code}/closed/nothing").status == 404


def test_notes_and_ticks_are_kept_and_shown_again(desk):
    client, _, room = desk
    page = client.get(f"/workspace/interviews/{room.code}")
    headers = {"X-CSRFToken": re.search(r'data-csrf="([^"]+)"', page.text)[1]}
    kept = client.raw.post(
        f"/workspace/interviews/{room.code}/notes", json={"text": "Calm <b>", "revision": 0}, headers=headers
    )
    assert (kept.status_code, kept.json) == (200, {"revision": 1})
    ticked = client.raw.post(
        f"/workspace/interviews/{room.code}/topics/opening", json={"done": True, "recording_ms": 5000}, headers=headers
    )
    assert ticked.status_code == 200
    again = client.get(f"/workspace/interviews/{room.code}")
    assert "Calm &lt;b&gt;" in again.text
    assert 'data-code="5000"' in again.text
    late = client.raw.post(
        f"/workspace/interviews/{room.code}/notes", json={"text": "other", "revision": 0}, headers=headers
    )
    assert (late.status_code, late.json["text"]) == (409, "Calm <b>")


@pytest.mark.parametrize(
    ("address", "body", "status"),
    [
        ("notes", None, 400),
        ("notes", {"text": 1, "revision": 0}, 400),
        ("notes", {"text": "x", "revision": "0"}, 400),
        pytest.param("notes", {"text": "x" * 50_001, "revision": 0}, 400, id="far too long"),
        ("topics/opening", {"done": "yes"}, 400),
        ("topics/opening", {"done": True, "recording_ms": -1}, 400),
        ("topics/opening", {"done": True, "recording_ms": True}, 400),
        ("topics/opening", {"done": True, "recording_ms": 10**12}, 400),
        ("topics/nothing", {"done": True, "recording_ms": None}, 404),
        ("join", OFFER, 503),
        ("join", {"sdp": 7}, 400),
    ],
    ids=repr,
)
def test_odd_bodies_are_refused(desk, address, body, status):
    client, _, room = desk
    page = client.get(f"/workspace/interviews/{room.code}")
    headers = {"X-CSRFToken": re.search(r'data-csrf="([^"]+)"', page.text)[1]}
    assert (
        client.raw.post(f"/workspace/interviews/{room.code}/{address}", json=body, headers=headers).status_code
        == status
    )


def test_the_outcome_wants_a_reason_unless_it_is_done(desk, world):
    client, _, room = desk
    page = client.get(f"/workspace/interviews/{room.code}/outcome")
    refused = client.submit(page, {"outcome": "broken_off", "reason": " "})
    assert "Write a few words on why" in refused.text
    done = client.submit(refused, {"outcome": "broken_off", "reason": "The child woke up"})
    assert "Kept. Thank you." in done.text
    assert world.get(RoomService).room(room.code).outcome is Outcome.BROKEN_OFF
    log = world.get(AuditLog).newest(1)[0]
    assert (log.kind, log.fields["outcome"]) == ("rooms.outcome", "broken_off")
    assert "child" not in str(log)


def test_the_team_sees_who_marked_an_interview_and_when_and_that_its_room_was_put_away(desk, in_room, world):
    client, _, room = desk
    *_, member = in_room
    happened(world, room, "joined", person="s1", role="interviewer")
    happened(world, room, "put_away")
    page = client.get(f"/workspace/interviews/{room.code}/outcome")
    for fields in ({"outcome": "not_attended", "reason": "Nobody came"}, {"outcome": "done"}):
        world.clock.forward(minutes=5)
        client.submit(page, fields)
    cells = client.get(f"/workspace/interviews/{room.code}/outcome").words("td")
    assert [(what, who) for what, who in zip(cells[1::3], cells[2::3], strict=True)] == [
        ("Came in", "team"),
        ("Put away, as nobody had been in it for a quarter of an hour", "the portal, by itself"),
        ("Marked: the participant did not come", member.name),
        ("Marked: it is done", member.name),
    ]
    assert len(set(cells[0::3])) == 3


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.IT])
def test_only_who_conducts_interviews_gets_in(in_room, world, role):
    room = in_room[2]
    client = world.staff_client(role)
    for address in ("", "/check", f"/{room.code}", f"/{room.code}/outcome"):
        assert client.get(f"/workspace/interviews{address}").status == 403


def test_whom_no_interviews_are_delegated_to_gets_in_neither(in_room, world):
    assert world.staff_client(delegated=False).get(f"/workspace/interviews/{in_room[2].code}").status == 403


def test_another_site_s_room_does_not_exist(in_room, world):
    room = in_room[2]
    client = world.staff_client(sites=["trust-b"])
    assert client.get(f"/workspace/interviews/{room.code}").status == 404
    assert room.code not in client.get("/workspace/interviews").text


def test_without_consent_no_room_is_opened_and_it_is_said_why(world):
    person = world.participant()
    client = world.staff_client()
    page = client.get("/workspace/interviews")
    answer = client.raw.post(
        f"/workspace/interviews/open/{person.study_id}", data={"csrf_token": token_of(page)}, follow_redirects=True
    )
    assert "has not consented" in answer.get_data(as_text=True)


def test_a_guest_comes_by_a_link_that_is_shown_once(desk, world, media):
    client, _, room = desk
    page = client.submit(client.get(f"/workspace/interviews/{room.code}"), {"role": "interpreter"}, form=-1)
    link = re.search(r"/guest/[\w-]+", page.text)[0]
    guest = world.client()
    door = guest.get(link)
    assert "You come as an interpreter." in door.text
    call = guest.submit(guest.submit(door, {}), {"name": "Sam"})
    assert call.address == "/guest-room"
    headers = {"X-CSRFToken": re.search(r'data-csrf="([^"]+)"', call.text)[1]}
    assert guest.raw.post("/guest-join", json=OFFER, headers=headers).status_code == 200
    [ticket] = media.joined
    assert (ticket.role, ticket.name, ticket.recording_consent) == ("interpreter", "Sam", None)
    [ending] = [one.get("data-ending") for one in call.all("div") if one.get("id") == "room"]
    told = {address.removeprefix("/guest-over/") for address in json.loads(ending).values()}
    assert told == {"ended", "not_held", "left", "stopped", "declined", "replaced"}  # nothing of why, which is hers
    assert guest.get("/guest-over/ended").heading == "Thank you"
    assert guest.get("/home").address == "/sign-in"


@pytest.mark.parametrize("token", ["nothing", "%00", "x" * 300])
def test_a_guest_s_link_that_is_no_link(world, token):
    client = world.client()
    assert client.get(f"/guest/{token}").heading == "This link does not work"
    assert client.get("/guest-room").status == 404
    assert client.get("/guest-check").status == 404


def test_a_guest_s_link_ends_with_the_room(in_room, world):
    _, _, room, member = in_room
    token = world.get(GuestList).invite(room, GuestRole.SUPPORTER, staff_id=member.id)
    assert world.client().get(f"/guest/{token}").status == 200
    world.get(RoomService).mark(room, Outcome.DONE, "", staff_id=member.id)
    assert world.client().get(f"/guest/{token}").status == 404


def test_every_word_of_the_script_stands_in_the_page(in_room):
    page = in_room[0].get("/room/call")
    known = set(re.findall(r'data-word="([^"]+)"', page.text))
    for code in ("joined", "recording_started", "recording_failed", "consent_withdrawn", "need_to_stop", "video_held"):
        assert f"said-{code}" in known
    for state in ("off", "starting", "running", "paused", "stopped", "failed", "never", "others"):
        assert f"recording-{state}" in known
