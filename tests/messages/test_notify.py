"""GOV.UK Notify, spoken to over the wire through its own client."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from portal.db.engine import Database
from portal.messages.arrivals import Arrivals
from portal.messages.domain import Channel
from portal.messages.failures import Failures
from portal.messages.service import Outbox
from portal.messages.store import OutboxMessage
from portal.people.contact import ContactService
from portal.people.domain import ContactChoices
from portal.people.service import PeopleService
from portal.settings import Settings, SettingsError
from portal.wiring import build
from tests.support.mail import free_port
from tests.support.notify import KEY, notify_server, refusal
from tests.support.world import FAST

HOURS = {"starts_at": "2026-12-01T10:00:00+00:00", "ends_at": "2026-12-01T11:00:00+00:00"}


@pytest.fixture
def notify():
    with notify_server() as server:
        yield server


@pytest.fixture
def she(world):
    person = world.participant()
    world.get(PeopleService).set_email(person.id, "somebody@example.org")
    return person


@pytest.fixture
def services(world, notify):
    settings = replace(
        world.settings, notify_api_key=KEY, notify_url=notify.url, notify_email_template="e", notify_sms_template="t"
    )
    services = build(settings, clock=world.clock, hasher=FAST)
    yield services
    services.get(Database).dispose()


@pytest.fixture
def outbox(services):
    return services.get(Outbox)


def queue(world, person, template="reminder", key="test:1"):
    with world.get(Database).transaction() as session:
        world.get(Outbox).queue(session, template=template, to=person.subject, key=key, context=HOURS)


def outcome(world):
    with world.get(Database).reading() as session:
        row = session.scalars(select(OutboxMessage)).one()
    return row.outcome, row.tries


def test_an_e_mail(world, she, outbox, notify):
    queue(world, she)
    assert outbox.send_due() == 1
    (taken,) = notify.taken
    assert (taken["kind"], taken["email_address"], taken["template_id"]) == ("email", "somebody@example.org", "e")
    assert taken["personalisation"]["subject"] == "A reminder"
    assert "Tuesday 1 December 2026, 10:00 (UK time)" in taken["personalisation"]["body"]
    assert taken["one_click_unsubscribe_url"].startswith("http://127.0.0.1:8080/stop/")
    assert len(taken["reference"]) == 32


def test_a_text_message(world, she, outbox, notify):
    world.get(ContactService).save(she.id, ContactChoices(channel=Channel.SMS, phone="+447700900123"))
    queue(world, she)
    assert outbox.send_due() == 1
    (taken,) = notify.taken
    assert (taken["kind"], taken["phone_number"], taken["template_id"]) == ("sms", "+447700900123", "t")
    assert taken["personalisation"]["body"].startswith("Reminder: Tuesday 1 December 2026, 10:00 (UK time).")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refusal("email_address Not a valid email address"), ("refused", 1)),
        (refusal("Can't send to this recipient using a team-only API key", "BadRequestError"), (None, 1)),
        ((403, {"errors": [{"error": "AuthError", "message": "Invalid token"}]}), (None, 0)),
        ((429, {"errors": [{"error": "TooManyRequestsError", "message": "Exceeded send limits"}]}), (None, 0)),
        ((503, b"<html>busy</html>"), (None, 0)),
        ((500, {"message": "Internal server error"}), ("unsure", 1)),
        ((201, b"\x00garbage"), ("unsure", 1)),
    ],
)
def test_what_notify_answers(world, she, outbox, notify, answer, expected):
    queue(world, she)
    notify.answer = answer
    assert outbox.send_due() == 0
    assert outcome(world) == expected
    notify.answer = None
    world.clock.forward(minutes=5)
    assert outbox.send_due() == (0 if expected[0] else 1)


def test_an_answer_lost_on_the_way_is_asked_for(world, she, outbox, notify):
    queue(world, she)
    notify.drop = True
    assert outbox.send_due() == 1
    assert outcome(world) == ("sent", 1)
    assert len(notify.taken) == 1


def test_a_service_that_cannot_be_reached_is_no_fault_of_the_message(world, she):
    settings = replace(
        world.settings, notify_api_key=KEY, notify_url=f"http://127.0.0.1:{free_port()}", notify_email_template="e"
    )
    services = build(settings, clock=world.clock, hasher=FAST)
    queue(world, she)
    assert services.get(Outbox).send_due() == 0
    assert outcome(world) == (None, 0)
    services.get(Database).dispose()


def test_half_a_key_stops_the_start():
    environ = {"PORTAL_NOTIFY_API_KEY": "half", "PORTAL_NOTIFY_SMS_TEMPLATE": "t"}
    with pytest.raises(SettingsError, match="the whole key"):
        Settings.from_env(environ)


def test_text_messages_are_offered_only_if_they_can_be_sent(world):
    real = replace(world.settings, demonstration=False)
    services = build(real, clock=world.clock, hasher=FAST)
    assert not services.get(ContactService).texts
    services.get(Database).dispose()


BECAME = {"permanent-failure": "refused", "temporary-failure": "exhausted", "technical-failure": "unsure"}


@pytest.mark.parametrize("status", BECAME)
def test_what_came_back_later_is_shown_to_the_team(world, she, services, notify, status):
    queue(world, she)
    services.get(Outbox).send_due()
    assert services.get(Arrivals).run() == 0
    notify.statuses["somebody@example.org"] = status
    assert services.get(Arrivals).run() == 1
    assert services.get(Arrivals).run() == 0
    assert outcome(world) == (BECAME[status], 1)
    (failure,) = world.get(Failures).waiting()
    assert (failure.subject, failure.can_repeat) == (she.subject, False)
    gone = world.get(Failures).unreachable()
    assert gone == ({she.subject} if status == "permanent-failure" else set())
    world.get(PeopleService).set_email(she.id, "better@example.org")
    assert world.get(Failures).unreachable() == set()


def test_every_page_is_read_and_other_services_messages_are_left_alone(world, services, notify):
    for number in range(5):
        person = world.participant()
        world.get(PeopleService).set_email(person.id, f"{number}@example.org")
        notify.statuses[f"{number}@example.org"] = "permanent-failure"
        queue(world, person, key=f"test:{number}")
    services.get(Outbox).send_due()
    notify.taken.append({"kind": "email", "reference": None, "email_address": "0@example.org"})
    notify.taken.append({"kind": "email", "reference": "another system's", "email_address": "0@example.org"})
    assert services.get(Arrivals).run() == 5


@pytest.mark.parametrize(
    "answer", [(500, {"message": "broken"}), (200, b"garbage"), (200, []), (200, {"notifications": [{}]})]
)
def test_a_service_that_does_not_tell_changes_nothing(world, she, services, notify, answer):
    queue(world, she)
    services.get(Outbox).send_due()
    notify.statuses["somebody@example.org"] = "permanent-failure"
    notify.answer = answer
    assert services.get(Arrivals).run() == 0
    assert outcome(world) == ("sent", 1)
    notify.answer = None
    assert services.get(Arrivals).run() == 1


def test_nobody_is_asked_where_notify_sends_nothing(world):
    assert world.get(Arrivals).run() == 0
