import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from portal.app import create_app
from portal.cli.cast import ensure
from portal.cli.demo import demo
from portal.db.engine import Database
from portal.messages.domain import Channel, SafeHours
from portal.messages.service import Outbox
from portal.people.contact import ContactService
from portal.people.domain import ContactChoices
from portal.people.service import PeopleService
from portal.wiring import build
from tests.support.client import PageClient
from tests.support.world import FAST


@pytest.fixture
def demonstration(world):
    """The world with its cast, sending into files as a demonstration does."""
    services = build(world.settings, hasher=FAST)  # the cast is made at the real time
    ensure(services, world.settings)
    yield services, PageClient(create_app(world.settings, services))
    services.get(Database).dispose()


def test_everybody_s_messages_are_shown_by_person(demonstration):
    services, client = demonstration
    person = services.get(PeopleService).by_study_id("C-0002")
    at_any_hour = ContactChoices(Channel.SMS, SafeHours(0, 24), phone="+447700900123")
    services.get(ContactService).save(person.id, at_any_hour)
    with services.get(Database).transaction() as session:
        services.get(Outbox).queue(session, template="message_waiting", to=person.subject, key="test:1")
    services.get(PeopleService).send_code("carer2@demonstration.invalid")
    services.get(Outbox).send_due()
    page = client.get("/demo/messages")
    assert "Mothers and carers, is reading the information (C-0002)" in page.words("h2")
    assert "+447700900123" in page.words("h2")
    for told in ("Your code is ", "There is a message for you.", "Your messages &lt;"):
        assert told in page.text
    link = next(one for one in page.links() if one.startswith("/demo/messages/"))
    answer = client.raw.get(link)
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert b"<html" in answer.data
    assert client.get("/demo/messages/nothing").status == 404


def test_a_demonstration_started_at_another_address_says_so_to_tools(demonstration, world, monkeypatch):
    services, client = demonstration
    moved = ensure(services, replace(world.settings, public_url="http://localhost:8090"))
    monkeypatch.setenv("PORTAL_INSTANCE", str(world.settings.instance))
    told = json.loads(CliRunner().invoke(demo, ["--json"], catch_exceptions=False).output)
    assert told["base_url"] == "http://localhost:8090"
    assert {one["link"] for one in told["participants"]} == {one.link for one in moved.participants}
    assert all(one["link"].startswith("http://localhost:8090/invitation/") for one in told["participants"])
    assert client.get(moved.participants[0].link.removeprefix("http://localhost:8090")).status == 200
