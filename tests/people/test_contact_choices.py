from datetime import UTC, datetime

import pytest

from portal.audit.service import AuditLog
from portal.db.engine import Database
from portal.messages.domain import Channel, SafeHours
from portal.messages.service import Outbox
from portal.people.contact import ContactService
from portal.people.domain import ContactChoices, international
from portal.people.service import PeopleService
from portal.team.domain import Role

HOURS = {"starts_at": "2026-12-01T10:00:00+00:00", "ends_at": "2026-12-01T11:00:00+00:00"}
WEEKDAY_MORNINGS = SafeHours(9, 12, frozenset(range(5)))


@pytest.fixture
def she(worlds):
    person = worlds.participant()
    worlds.get(PeopleService).set_email(person.id, "somebody@example.org")
    return person


def choose(world, person, **chosen):
    world.get(ContactService).save(person.id, ContactChoices(**chosen))


def queue(world, person, template="copy_ready", key="test:1", **more):
    with world.get(Database).transaction() as session:
        world.get(Outbox).queue(session, template=template, to=person.subject, key=key, **more)


def send(world):
    return world.get(Outbox).send_due()


def test_nothing_arrives_at_night_unless_she_says_so(worlds, she):
    worlds.clock.at = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    queue(worlds, she)
    assert send(worlds) == 0
    worlds.clock.at = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
    assert send(worlds) == 1


def test_what_waits_moves_into_her_new_hours(worlds, she):
    queue(worlds, she, at=datetime(2026, 11, 27, 15, 0, tzinfo=UTC))
    choose(worlds, she, hours=WEEKDAY_MORNINGS)
    worlds.clock.at = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)  # a Sunday
    assert send(worlds) == 0
    worlds.clock.at = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
    assert send(worlds) == 1


def test_a_code_comes_at_once_whatever_she_chose(worlds, she):
    choose(worlds, she, channel=None, hours=WEEKDAY_MORNINGS, optional=False)
    worlds.clock.at = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
    worlds.get(PeopleService).send_code("somebody@example.org")
    assert send(worlds) == 1
    assert len(worlds.codes()) == 1


def test_who_wants_no_messages_gets_none(worlds, she):
    choose(worlds, she, channel=None)
    queue(worlds, she)
    queue(worlds, she, "booking_moved", "test:2", context=HOURS)
    assert send(worlds) == 0
    assert worlds.sent == []


def test_text_messages_go_to_her_phone_and_say_next_to_nothing(worlds, she):
    choose(worlds, she, channel=Channel.SMS, phone="+447700900123")
    queue(worlds, she, "message_waiting")
    send(worlds)
    assert worlds.sent == []
    assert worlds.post.texts == ["There is a message for you. http://127.0.0.1:8080/messages"]
    assert worlds.post.letters[0].to == "+447700900123"


def test_the_sender_s_name_is_neutral_until_she_asks_for_the_other(worlds, she):
    queue(worlds, she)
    send(worlds)
    choose(worlds, she, neutral_name=False)
    queue(worlds, she, key="test:2")
    send(worlds)
    assert [one["From"] for one in worlds.sent] == [
        "Your messages <no-reply@example.org>", "Teesside University <no-reply@example.org>",
    ]  # fmt: skip


def test_one_click_of_a_mail_program_stops_what_is_optional_and_nothing_else(worlds, she):
    queue(worlds, she, "reminder", context=HOURS)
    send(worlds)
    headers = worlds.sent[0]
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = headers["List-Unsubscribe"].strip("<>").removeprefix("http://127.0.0.1:8080")
    assert she.study_id not in path
    program = worlds.client().raw
    assert program.get(path).status_code == 200  # a scanner looks at it
    assert worlds.get(ContactService).choices(she.id).optional
    answer = program.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not worlds.get(ContactService).choices(she.id).optional
    queue(worlds, she, "reminder", "test:2", context=HOURS)
    queue(worlds, she, "booking_moved", "test:3", context=HOURS)
    assert send(worlds) == 1
    assert worlds.sent[-1]["List-Unsubscribe"] is None
    kinds = [one.kind for one in worlds.get(AuditLog).newest(5)]
    assert kinds.count("people.optional_messages_stopped") == 1


@pytest.mark.parametrize("token", ["x", "A" * 60, "%00", "%ff"])
def test_a_made_up_link_stops_nothing(world, token):
    person = world.participant()
    client = world.client()
    assert client.get(f"/stop/{token}").status == 404
    assert client.raw.post(f"/stop/{token}").status_code == 404
    assert world.get(ContactService).choices(person.id).optional


def test_through_the_page(world):
    client, invited = world.participant_client()
    page = client.get("/contact-choices")
    bad = client.submit(page, {"channel": "sms", "ring": "voicemail", "start": "12", "end": "9", "phone": "07"})
    assert bad.title.startswith("Error:")
    for problem in ("Enter a phone number like", "Choose a later hour"):
        assert problem in bad.text
    assert 'value="07"' in bad.text  # nothing typed is lost
    fields = {
        "channel": "sms", "ring": "silent", "phone": "07700 900 123", "start": "9", "end": "12", "days": ["0", "4"],
        "name": "sponsor", "optional": "no",
    }  # fmt: skip
    assert client.submit(bad, fields).address == "/home"
    chosen = world.get(ContactService).choices(invited.participant.id)
    assert chosen == ContactChoices(
        Channel.SMS, SafeHours(9, 12, frozenset({0, 4})), neutral_name=False, optional=False, may_ring=True,
        phone="+447700900123",
    )  # fmt: skip
    assert 'value="+447700900123"' in client.get("/contact-choices").text


@pytest.mark.parametrize("fields", [{"start": "x"}, {"end": "99"}, {"days": "9"}, {"channel": "pigeon"}, {"name": "x"}])
def test_odd_input_gets_the_page_again(world, fields):
    client, _ = world.participant_client()
    page = client.submit(client.get("/contact-choices"), fields)
    assert (page.status, page.title.startswith("Error:")) == (200, True)


def test_the_number_is_sealed_and_the_team_sees_it_only_on_record(world):
    client, invited = world.participant_client()
    fields = {"channel": "email", "ring": "silent", "phone": "07700900123", "days": ["0"]}
    client.submit(client.get("/contact-choices"), fields)
    for file in world.settings.instance.glob("portal.sqlite3*"):
        assert b"7700900123" not in file.read_bytes()
    staff = world.staff_client(Role.RESEARCHER)
    study_id = invited.participant.study_id
    assert "7700900123" not in staff.get(f"/workspace/participants/{study_id}").text
    reason = {"why": "interview", "words": "to ring her"}
    shown = staff.submit(staff.get(f"/workspace/participants/{study_id}/identity"), reason).text
    for words in ("+447700900123", "no voice message", "Monday, 08:00 to 20:00"):
        assert words in shown
    assert world.get(AuditLog).newest(1)[0].kind == "people.identity_read"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("07700 900123", "+447700900123"), ("+44 (0)7700-900123", "+447700900123"),
        ("0044 7700 900123", "+447700900123"),
        ("+353 87 123 4567", "+353871234567"), ("999", None), ("call me", None), ("", None), ("+٤٤٧٧٠٠٩٠٠١٢٣", None),
    ],
)  # fmt: skip
def test_numbers_in_any_spelling(typed, number):
    assert international(typed) == number
