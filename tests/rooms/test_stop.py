"""The wish "I need to stop now" over plain HTTP: on record at once, once, and known to the team."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.db.engine import Database
from portal.messages.service import Outbox
from portal.rooms.domain import GuestRole, Outcome
from portal.rooms.errors import MediaAway, RoomOver, TooManyStops
from portal.rooms.followups import FollowUps
from portal.rooms.guests import GuestList
from portal.rooms.joining import Visitor
from portal.rooms.service import RoomService
from portal.rooms.stops import LATEST, MOST, SEEN_WITHIN, Stops
from portal.rooms.store import RoomStopRow
from portal.rooms.tickets import Role
from portal.team.domain import Role as TeamRole
from tests.rooms.test_join import post
from tests.support.media import media as stand_in_media

WISH = {"wish": "b2f9d4c8-0000-4000-8000-000000000001", "ago": 90}
AT_ONCE = timedelta()
SHE = Visitor("p1", Role.PARTICIPANT, "", Actor.participant("C-0001"))


def say(client, room, body=WISH):
    return post(client, f"/room/{room.code}/stop", body)


def stops(world, room):
    return world.get(Stops).of([room.id]).get(room.id, [])


def told(world):
    world.get(FollowUps).run()
    world.get(Outbox).send_due()
    return [(one["To"], one["Subject"]) for one in world.sent]


@pytest.fixture
def somebody(worlds):
    """A room on either database, and who is in it."""
    person, lead = worlds.participant(), worlds.member(TeamRole.LEAD)
    worlds.consent(person)
    room = worlds.get(RoomService).open_by_hand(person, staff_id=lead.id)
    return worlds, room, SHE, lead


def test_it_is_on_record_and_carried_into_the_room_once(in_room, media, world):
    client, _, room, _ = in_room
    for _ in range(3):
        assert say(client, room).status_code == 200
    [stop] = stops(world, room)
    assert (stop.person, stop.seen) == ("p1", False)
    assert stop.asked_at == world.clock() - timedelta(seconds=90)
    asked = {"person": "p1", "role": "participant", "wish": WISH["wish"], "ago": 90}
    assert media.asked == [(f"/rooms/{room.code}/stop", asked)]
    audited = [one for one in world.get(AuditLog).newest(9) if one.kind == "rooms.stop_asked"]
    assert [(one.subject, one.fields) for one in audited] == [(room.subject, {"person": "p1", "role": "participant"})]
    assert "We have told the team that you have stopped." in client.get("/room/over/stopped").text


def test_while_media_is_away_it_is_on_record_all_the_same_and_carried_later(in_room, world):
    client, _, room, _ = in_room
    assert say(client, room).status_code == 200
    assert len(stops(world, room)) == 1
    with pytest.raises(MediaAway):
        world.get(Stops).run()
    world.clock.forward(seconds=30)
    with stand_in_media(world.settings.instance, world.clock) as media:
        assert world.get(Stops).run() == 1
        assert world.get(Stops).run() == 0
        assert [body["ago"] for _, body in media.asked] == [120]


def test_before_it_is_heard_her_page_does_not_claim_so(in_room):
    page = in_room[0].get("/room/over/stopped")
    assert "The team may not know that you have stopped." in page.text
    assert "You can ring the study team:" in page.text


@pytest.mark.parametrize(
    "body",
    [
        None, [], {}, {"wish": WISH["wish"]}, {"ago": 1}, {"wish": "", "ago": 1}, {"wish": "x" * 65, "ago": 1},
        {"wish": "../../x/y", "ago": 1}, {"wish": 12345678, "ago": 1}, {**WISH, "ago": -1}, {**WISH, "ago": True},
        {**WISH, "ago": 1.5}, {**WISH, "ago": "1"}, {**WISH, "ago": 10**9},
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_wish_is_refused(in_room, media, world, body):
    client, _, room, _ = in_room
    assert say(client, room, body).status_code == 400
    assert (stops(world, room), media.asked) == ([], [])


def test_without_its_token_nothing_happens(in_room, world):
    client, _, room, _ = in_room
    assert client.raw.post(f"/room/{room.code}/stop", json=WISH).status_code == 400
    assert stops(world, room) == []


def test_nobody_says_it_for_another(in_room, media, world):
    room = in_room[2]
    other, _ = world.participant_client()
    assert say(other, room).status_code == 404
    assert post(world.staff_client(), f"/workspace/interviews/{room.code}/stop", WISH).status_code == 404
    nobody = world.client()
    page = nobody.get("/sign-in")
    headers = {"X-CSRFToken": page.form_values(page.all("form")[0])["csrf_token"]}
    assert nobody.raw.post(f"/room/{room.code}/stop", json=WISH, headers=headers).status_code == 302
    assert nobody.raw.post("/guest-stop", json=WISH, headers=headers).status_code == 410
    assert (stops(world, room), media.asked) == ([], [])


def test_her_consent_need_not_stand_and_the_room_may_be_over(in_room, media, world):
    client, _, room, member = in_room
    world.get(RoomService).mark(room, Outcome.BROKEN_OFF, "lost", staff_id=member.id)
    assert say(client, room).status_code == 200
    world.clock.forward(hours=4, seconds=LATEST.total_seconds() + 1)
    with pytest.raises(RoomOver):
        world.get(Stops).ask(room, SHE, "another-wish", AT_ONCE)


def test_a_guest_says_it_too(in_room, media, world):
    _, _, room, member = in_room
    token = world.get(GuestList).invite(room, GuestRole.INTERPRETER, staff_id=member.id)
    guest = world.client()
    guest.submit(guest.get(f"/guest/{token}"), {})
    call = guest.get("/guest-room")
    headers = {"X-CSRFToken": re.search(r'data-csrf="([^"]+)"', call.text)[1]}
    assert 'data-stop="/guest-stop"' in call.text
    assert guest.raw.post("/guest-stop", json=WISH, headers=headers).status_code == 200
    [stop] = stops(world, room)
    assert stop.person.startswith("g")
    assert media.asked[0][1]["role"] == "interpreter"
    assert "We have told the team that you have stopped." in guest.get("/guest-over/stopped").text
    her_own = in_room[0].get("/room/over/stopped").text
    assert "The team may not know that you have stopped." in her_own  # it was somebody else
    assert "The team may not know" in world.client().get("/guest-over/stopped").text

    world.get(RoomService).mark(room, Outcome.BROKEN_OFF, "lost", staff_id=member.id)
    assert guest.get("/guest-room").status == 404
    later = {**WISH, "wish": "said-after-the-end"}
    assert guest.raw.post("/guest-stop", json=later, headers=headers).status_code == 200


def test_a_flood_is_slowed_and_ends(in_room, media, world):
    client, _, room, _ = in_room
    answers = [say(client, room, {"wish": f"wish-{number:04}", "ago": 0}).status_code for number in range(62)]
    assert set(answers) == {200, 409, 429}
    assert answers.count(200) == len(stops(world, room)) == MOST


def test_two_that_come_at_once_are_one(somebody):
    """As two pages of hers that both say it again."""
    world, room, visitor, _ = somebody
    with ThreadPoolExecutor(4) as pool:
        for one in [pool.submit(world.get(Stops).ask, room, visitor, "same-wish", AT_ONCE) for _ in range(8)]:
            one.result()
    assert len(stops(world, room)) == 1
    for number in range(MOST - 1):
        world.get(Stops).ask(room, visitor, f"wish-{number}", AT_ONCE)
    with pytest.raises(TooManyStops):
        world.get(Stops).ask(room, visitor, "one-more", AT_ONCE)


def test_if_nobody_of_the_team_has_seen_it_they_get_one_message(somebody):
    world, room, visitor, lead = somebody
    world.get(Stops).ask(room, visitor, "her-wish-1", AT_ONCE)
    assert told(world) == []
    world.clock.forward(seconds=SEEN_WITHIN.total_seconds())
    for _ in range(2):
        assert told(world) == [(lead.email, "Interview: please look now")]
    world.get(Stops).ask(room, visitor, "her-wish-2", AT_ONCE)
    world.get(Stops).seen(room, "her-wish-2", staff_id=lead.id)
    world.clock.forward(hours=1)
    assert len(told(world)) == 1


def test_a_flood_from_one_does_not_use_up_the_messages_about_others(somebody):
    world, room, visitor, lead = somebody
    other = world.participant()
    world.consent(other)
    elsewhere = world.get(RoomService).open_by_hand(other, staff_id=lead.id)
    for number in range(MOST):
        world.get(Stops).ask(room, visitor, f"wish-{number:04}", AT_ONCE)
    world.clock.forward(minutes=2)
    told(world)
    world.get(Stops).ask(elsewhere, visitor, "her-wish-1", AT_ONCE)
    world.clock.forward(minutes=2)
    assert len(told(world)) == 2
    world.get(Stops).seen(room, "wish-0000", staff_id=lead.id)
    assert len(told(world)) == 3  # the next that nobody has seen
    world.clock.forward(minutes=15)
    world.get(Stops).ask(elsewhere, visitor, "her-wish-2", AT_ONCE)
    world.clock.forward(minutes=2)
    assert len(told(world)) == 4


def test_a_fault_in_the_thanks_holds_up_no_wish_to_stop(world, monkeypatch):
    person, lead = world.participant(), world.member(TeamRole.LEAD)
    world.consent(person)
    room = world.get(RoomService).open_by_hand(person, staff_id=lead.id)
    world.get(Stops).ask(room, SHE, "her-wish-1", AT_ONCE)
    world.clock.forward(minutes=2)

    def fail(_self):
        raise RuntimeError("a fault")

    monkeypatch.setattr(FollowUps, "_thank", fail)
    with pytest.raises(RuntimeError):
        world.get(FollowUps).run()
    world.get(Outbox).send_due()
    assert [one["Subject"] for one in world.sent] == ["Interview: please look now"]


def test_a_page_of_the_team_says_that_it_has_shown_it(in_room, media, world):
    client, person, room, member = in_room
    say(client, room)
    world.clock.forward(seconds=60)
    staff = world.sign_in(member)
    listing = staff.get("/workspace/interviews")
    assert "Asked to stop" in listing.text
    assert "Nobody of the team has seen it in the room." in listing.text
    seen = f"/workspace/interviews/{room.code}/stop-seen"
    page = staff.get(f"/workspace/interviews/{room.code}")
    headers = {"X-CSRFToken": re.search(r'data-csrf="([^"]+)"', page.text)[1]}
    assert staff.raw.post(seen, json={"wish": WISH["wish"]}).status_code == 400
    assert staff.raw.post(seen, json={"wish": 7}, headers=headers).status_code == 400
    assert staff.raw.post(seen, json={"wish": "another"}, headers=headers).status_code == 200
    assert not stops(world, room)[0].seen
    for _ in range(2):
        assert staff.raw.post(seen, json={"wish": WISH["wish"]}, headers=headers).status_code == 200
    assert stops(world, room)[0].seen
    assert [one.kind for one in world.get(AuditLog).newest(9)].count("rooms.stop_seen") == 1
    assert "Nobody of the team" not in staff.get("/workspace/interviews").text
    assert "Asked to stop" in staff.get(f"/workspace/interviews/{room.code}/outcome").text
    assert post(client, seen, {"wish": WISH["wish"]}).status_code == 403
    other_site = world.staff_client(sites=["trust-b"])
    assert other_site.get(f"/workspace/interviews/{room.code}").status == 404
    assert person.study_id not in str(media.asked)


def test_an_outcome_says_that_it_was_looked_at(somebody):
    world, room, visitor, lead = somebody
    world.get(Stops).ask(room, visitor, "her-wish-1", AT_ONCE)
    world.get(RoomService).mark(room, Outcome.BROKEN_OFF, "She had to stop", staff_id=lead.id)
    world.clock.forward(minutes=10)
    assert world.get(Stops).unseen() == []


def test_an_outcome_is_not_kept_before_its_page_has_shown_who_asked_to_stop(somebody):
    """It came while the interviewer wrote: her outcome would say that it was looked at."""
    world, room, visitor, lead = somebody
    staff, where = world.sign_in(lead), f"/workspace/interviews/{room.code}/outcome"
    page, ended = staff.get(where), {"outcome": Outcome.BROKEN_OFF.value, "reason": "The line broke"}
    world.get(Stops).ask(room, visitor, "her-wish-1", AT_ONCE)
    told = staff.submit(page, ended)
    assert "Somebody asked to stop while you wrote." in told.text
    assert "Nobody of the team has seen it in the room." in told.text
    assert "The line broke" in told.text
    assert world.get(RoomService).by_id(room.id).outcome is None
    staff.submit(told, ended)
    assert world.get(RoomService).by_id(room.id).outcome is Outcome.BROKEN_OFF


def test_an_outcome_from_before_it_was_heard_says_nothing_of_it(somebody):
    """Her phone found the network again after the interviewer had marked a broken line."""
    world, room, visitor, lead = somebody
    world.get(RoomService).mark(room, Outcome.BROKEN_OFF, "The line broke", staff_id=lead.id)
    world.clock.forward(minutes=5)
    world.get(Stops).ask(room, visitor, "her-wish-1", timedelta(minutes=6))
    world.clock.forward(seconds=SEEN_WITHIN.total_seconds())
    assert told(world) == [(lead.email, "Interview: please look now")]
    staff, words = world.sign_in(lead), "we heard of it only after the outcome was marked"
    listing = staff.get("/workspace/interviews")
    assert words in listing.text
    assert f"/workspace/interviews/{room.code}/outcome" in listing.links()
    assert words not in world.staff_client(sites=["trust-b"]).get("/workspace/interviews").text
    world.get(RoomService).mark(room, Outcome.BROKEN_OFF, "She had to stop", staff_id=lead.id)
    assert words not in staff.get("/workspace/interviews").text


def test_what_is_old_and_was_never_carried_is_left(somebody):
    world, room, visitor, _ = somebody
    world.get(Stops).ask(room, visitor, "her-wish-1", AT_ONCE)
    world.clock.forward(seconds=LATEST.total_seconds() + 1)
    assert world.get(Stops).run() == 0
    with world.get(Database).reading() as session:
        assert session.get_one(RoomStopRow, 1).carried_at is None
