import threading
import time
from datetime import timedelta

import pytest
from jinja2 import UndefinedError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from portal.db.engine import Database
from portal.db.errors import StorageUnavailable
from portal.messages import delivery
from portal.messages.errors import HalfSent, NotSent, Refused, ServiceDown, UnknownMessage
from portal.messages.failures import Failures
from portal.messages.service import Outbox
from portal.messages.store import OutboxMessage
from portal.people.service import PeopleService
from tests.support.post import text_of

HOURS = {"starts_at": "2026-12-01T10:00:00+00:00", "ends_at": "2026-12-01T11:00:00+00:00"}


@pytest.fixture
def she(worlds):
    person = worlds.participant()
    worlds.get(PeopleService).set_email(person.id, "somebody@example.org")
    return person


def queue(world, to, key="test:1", template="copy_ready", **more):
    with world.get(Database).transaction() as session:
        world.get(Outbox).queue(session, template=template, to=to, key=key, **more)


def row(world, key="test:1"):
    with world.get(Database).reading() as session:
        return session.scalars(select(OutboxMessage).where(OutboxMessage.key == key)).one()


def turn(world):
    return world.get(Outbox).send_due()


def test_a_key_is_sent_once_however_often_it_is_queued(worlds, she):
    for _ in range(3):
        queue(worlds, she.subject)
        turn(worlds)
    assert [one["To"] for one in worlds.sent] == ["somebody@example.org"]
    done = row(worlds)
    assert (done.outcome, done.recipient, done.context, done.attachments) == ("sent", None, None, None)


def test_nothing_is_promised_if_the_deed_fails(worlds, she):
    class Failed(Exception):
        pass

    def deed():
        with worlds.get(Database).transaction() as session:
            worlds.get(Outbox).queue(session, template="copy_ready", to=she.subject, key="test:1")
            raise Failed

    with pytest.raises(Failed):
        deed()
    assert turn(worlds) == 0


def test_the_address_is_the_one_she_has_when_it_leaves(worlds, she):
    queue(worlds, she.subject, at=worlds.clock() + timedelta(hours=1))
    worlds.get(PeopleService).set_email(she.id, "new@example.org")
    worlds.clock.forward(hours=2)
    turn(worlds)
    assert [one["To"] for one in worlds.sent] == ["new@example.org"]


def test_what_is_not_sent_yet_can_be_taken_back_by_its_beginning(worlds, she):
    later = worlds.clock() + timedelta(hours=1)
    for key in ("booking:1:reminder:24", "booking:1:join", "booking:12:join", "booking_1:x"):
        queue(worlds, she.subject, key, at=later)
    with worlds.get(Database).transaction() as session:
        assert worlds.get(Outbox).cancel(session, "booking:1:") == 2
    worlds.clock.forward(hours=2)
    assert turn(worlds) == 2
    assert row(worlds, "booking:1:join").outcome == "cancelled"
    queue(worlds, she.subject, "booking:1:join")
    assert turn(worlds) == 0  # a key is used up for ever


@pytest.mark.parametrize(
    ("template", "to", "context"),
    [
        ("copy_raedy", "participant:C-0001", {}),
        ("copy_ready", "participant:C-0001", {"name": "x"}),
        ("sign_in_code", "participant:C-0001", {}),
        ("copy_ready", "somebody", {}),
    ],
)
def test_a_wrong_promise_fails_at_once(worlds, template, to, context):
    with pytest.raises(UnknownMessage):
        queue(worlds, to, template=template, context=context)


def test_a_moment_that_is_none_fails_at_once(worlds, she):
    with pytest.raises(ValueError, match="isoformat"):
        queue(worlds, she.subject, template="reminder", context={**HOURS, "starts_at": "tomorrow"})


def test_what_is_not_taken_is_tried_ever_less_often_then_left_to_the_team(worlds):
    queue(worlds, f"staff:{worlds.member().id}", template="team_consent")
    worlds.post.failing = NotSent("451")
    waits = []
    for _ in range(11):
        worlds.clock.at = max(row(worlds).due_at, worlds.clock())
        before = worlds.clock()
        turn(worlds)
        waits.append(row(worlds).due_at - before)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(minutes=2), timedelta(hours=12))
    worlds.clock.at = row(worlds).due_at
    turn(worlds)
    assert (row(worlds).outcome, row(worlds).tries) == ("exhausted", 12)


def test_a_service_that_is_down_uses_up_no_tries(worlds, she):
    for key in range(120):
        queue(worlds, she.subject, f"test:{key}", template="team_booking", context=HOURS)
    worlds.post.failing = ServiceDown("down")
    turn(worlds)
    assert [row(worlds, f"test:{key}").tries for key in (0, 60, 119)] == [0, 0, 0]
    assert turn(worlds) == 0  # left alone for a moment
    worlds.post.failing = None
    worlds.clock.forward(minutes=1)
    assert sum(iter(lambda: turn(worlds), 0)) == 100  # the most of this kind that one gets in an hour


@pytest.mark.parametrize(("error", "outcome"), [(Refused("550"), "refused"), (HalfSent("cut"), "unsure")])
def test_refused_or_perhaps_sent_is_never_tried_again(worlds, she, error, outcome):
    queue(worlds, she.subject)
    worlds.post.failing = error
    turn(worlds)
    worlds.post.failing = None
    worlds.clock.forward(days=2)
    assert turn(worlds) == 0
    assert row(worlds).outcome == outcome


def test_a_worker_that_dies_in_the_act_leaves_it_to_the_team(worlds, she):
    for key in ("test:1", "test:2"):
        queue(worlds, she.subject, key)
    worlds.post.failing = KeyboardInterrupt("killed")
    with pytest.raises(KeyboardInterrupt):
        turn(worlds)
    worlds.post.failing = None
    assert turn(worlds) == 1  # the other one
    worlds.clock.forward(minutes=11)
    assert turn(worlds) == 0
    assert {row(worlds, key).outcome for key in ("test:1", "test:2")} == {"unsure", "sent"}


def test_what_came_too_late_is_not_sent(worlds, she):
    queue(worlds, she.subject, not_after=worlds.clock() + timedelta(minutes=5))
    worlds.clock.forward(minutes=6)
    assert turn(worlds) == 0
    assert row(worlds).outcome == "too_late"


def test_an_address_that_is_nobody_s_yet_gets_its_invitation(worlds):
    queue(worlds, "guest@example.org", template="invitation", context={"token": "abc"}, language="en")
    assert turn(worlds) == 1
    assert "/invitation/abc" in text_of(worlds.sent[0])


def test_one_person_s_broken_message_holds_up_nobody(worlds, she, monkeypatch):
    queue(worlds, she.subject, "test:1", template="sign_in_code", context={"code": "1"})
    queue(worlds, she.subject, "test:2")
    with worlds.get(Database).transaction() as session:
        session.scalars(select(OutboxMessage).where(OutboxMessage.key == "test:1")).one().context = "{}"
    with pytest.raises(UndefinedError, match="code"):
        turn(worlds)
    assert turn(worlds) == 1


def test_who_is_forgotten_gets_nothing_more_and_nothing_is_kept(worlds, she):
    queue(worlds, she.subject, "test:1", at=worlds.clock() + timedelta(hours=1))
    queue(worlds, she.subject, "test:2")
    worlds.post.failing = Refused("550")
    turn(worlds)
    worlds.post.failing = None
    assert worlds.get(Outbox).forget(she.subject) == 2
    worlds.clock.forward(hours=2)
    assert turn(worlds) == 0
    assert [(row(worlds, key).outcome, row(worlds, key).context) for key in ("test:1", "test:2")] == [
        ("cancelled", None), ("refused", None),
    ]  # fmt: skip
    assert worlds.get(Failures).waiting() == []


def test_who_is_there_no_more_fails_nobody_s_list(worlds):
    queue(worlds, "participant:C-0999")
    queue(worlds, "staff:999", "test:2", template="team_consent")
    assert turn(worlds) == 0
    assert {row(worlds, key).outcome for key in ("test:1", "test:2")} == {"unwanted"}


def test_a_slow_server_leaves_the_rest_to_later_turns(world, monkeypatch):
    for key in range(40):
        queue(world, f"person{key}@example.org", f"test:{key}", "sign_in_code", context={"code": "1"}, language="en")
    monkeypatch.setattr(delivery, "TURN_SECONDS", 0.2)
    monkeypatch.setattr(world.post, "send", lambda letter: time.sleep(0.05) or world.post.letters.append(letter))
    first = turn(world)
    assert 0 < first < 40
    monkeypatch.setattr(delivery, "TURN_SECONDS", 60)
    assert turn(world) == 40 - first  # what was not begun was given back at once
    assert len({letter.to for letter in world.post.letters}) == len(world.post.letters) == 40


def test_two_who_promise_the_same_at_once_promise_it_once(worlds, she):
    both, failed = threading.Barrier(2), []

    def promise():
        try:
            with worlds.get(Database).transaction() as session:
                if worlds.settings.database_url:
                    both.wait(20)  # on SQLite writers take turns from the start
                worlds.get(Outbox).queue(session, template="copy_ready", to=she.subject, key="test:1")
        except (SQLAlchemyError, StorageUnavailable) as error:
            failed.append(error)

    threads = [threading.Thread(target=promise) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert turn(worlds) == 1
