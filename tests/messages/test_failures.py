from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.audit.service import AuditLog
from portal.db.engine import Database
from portal.messages.domain import FAILURES
from portal.messages.errors import HalfSent, MessageUnknown, Refused
from portal.messages.failures import KEPT, Failures
from portal.messages.kinds import KINDS
from portal.messages.service import Outbox
from portal.messages.store import OutboxMessage
from portal.people.service import PeopleService
from portal.settings import ROOT
from portal.team.domain import Role
from portal.team.service import TeamService
from tests.support.world import ACTOR, PASSWORD


@pytest.fixture
def she(worlds):
    person = worlds.participant()
    worlds.get(PeopleService).set_email(person.id, "closed@example.org")
    return person


def fail(world, to, error, key="test:1", template="copy_ready", **more):
    with world.get(Database).transaction() as session:
        world.get(Outbox).queue(session, template=template, to=to, key=key, **more)
    world.post.failing = error
    world.get(Outbox).send_due()
    world.post.failing = None


def test_a_refused_address_is_unreachable_until_she_gives_another(worlds, she):
    failures, people = worlds.get(Failures), worlds.get(PeopleService)
    fail(worlds, she.subject, Refused("550"))
    assert failures.unreachable() == failures.unreachable(she.subject) == {she.subject}
    assert failures.unreachable(worlds.participant().subject) == set()
    people.set_email(she.id, "open@example.org")
    assert failures.unreachable() == set()
    people.set_email(she.id, "closed@example.org")
    assert failures.unreachable() == {she.subject}
    worlds.clock.forward(minutes=1)
    fail(worlds, she.subject, None, key="test:2")  # this one is taken
    assert failures.unreachable() == set()


def test_send_again_and_dealt_with(worlds, she):
    failures = worlds.get(Failures)
    fail(worlds, she.subject, HalfSent("cut"), key="test:1")
    fail(worlds, she.subject, HalfSent("cut"), key="test:2")
    newest, oldest = failures.waiting()
    assert newest.can_repeat
    failures.send_again(oldest.id, actor=ACTOR)
    failures.settle(newest.id, actor=ACTOR)
    assert failures.waiting() == []
    assert worlds.get(Outbox).send_due() == 1
    assert len(worlds.sent) == 1
    for act in (failures.send_again, failures.settle):
        with pytest.raises(MessageUnknown):
            act(newest.id, actor=ACTOR)
    kinds = [one.kind for one in worlds.get(AuditLog).newest(2)]
    assert kinds == ["messages.settled", "messages.sent_again"]


def test_what_failed_long_ago_loses_its_content_but_stays_on_the_list(worlds, she):
    failures = worlds.get(Failures)
    fail(worlds, she.subject, Refused("550"))
    assert failures.sweep() == 0
    worlds.clock.forward(seconds=KEPT.total_seconds() + 1)
    assert failures.sweep() == 1
    (left,) = failures.waiting()
    assert not left.can_repeat
    with pytest.raises(MessageUnknown):
        failures.send_again(left.id, actor=ACTOR)
    with worlds.get(Database).reading() as session:
        row = session.scalars(select(OutboxMessage)).one()
    assert (row.recipient, row.context, row.attachments) == (None, None, None)


def test_through_the_pages(world):
    person = world.participant()
    world.get(PeopleService).set_email(person.id, "closed@example.org")
    fail(world, person.subject, Refused("550"))
    fail(world, "guest@example.org", Refused("550"), key="test:2", template="invitation", context={"token": "SECRET"})
    client = world.staff_client()
    assert "1</strong> participant cannot be reached at their address" in client.get("/workspace").text
    page = client.get("/workspace/undelivered")
    for told in ("C-0001", "Copy is ready", "refuses the address", "Invitation"):
        assert told in page.text
    for hidden in ("closed@example.org", "guest@example.org", "SECRET"):
        assert hidden not in page.text
    assert "Unreachable address" in client.get("/workspace/participants/C-0001").text
    assert "It will be sent again." in client.submit(page, {}, form=2).text
    assert "Taken off the list." in client.submit(client.get("/workspace/undelivered"), {}, form=-1).text
    assert world.get(Outbox).send_due() == 1


def test_another_site_s_messages_cannot_be_touched(world):
    person = world.participant()
    fail(world, person.subject, None, template="message_waiting")  # she has given no address
    (lost,) = world.get(Failures).waiting()
    member = world.member()
    world.get(TeamService).change(member.id, Role.RESEARCHER, ["trust-b"], actor=ACTOR)
    client = world.client()
    fields = {"email": member.email, "password": PASSWORD, "code": world.code(world.secrets[member.id])}
    client.submit(client.get("/team/sign-in"), fields)
    page = client.get("/workspace/undelivered")
    assert "C-0001" not in page.text
    token = page.form_values(page.all("form")[0])["csrf_token"]
    for act in ("again", "settle"):
        answer = client.raw.post(f"/workspace/undelivered/{lost.id}/{act}", data={"csrf_token": token})
        assert answer.status_code == 404
    assert len(world.get(Failures).waiting()) == 1


def test_every_kind_and_every_reason_has_its_words_on_the_page():
    text = (ROOT / "templates" / "workspace" / "undelivered.html").read_text(encoding="utf-8")
    assert [name for name in KINDS if f'"{name}": _(' not in text] == []
    assert [one for one in FAILURES if f'"{one.value}": _(' not in text] == []


def test_too_late_is_told(worlds, she):
    worlds.clock.at = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)  # after her safe hours
    fail(worlds, she.subject, None, not_after=worlds.clock() + timedelta(hours=1))
    assert [one.outcome.value for one in worlds.get(Failures).waiting()] == ["too_late"]
