import re

from portal.db.engine import Database
from portal.messages.errors import Refused
from portal.messages.service import Outbox
from portal.people.service import PeopleService
from tests.support.post import text_of

FIELDS = {"group": "carer", "site": "trust-a"}


def test_the_portal_sends_the_link_and_keeps_no_address(world):
    client = world.staff_client()
    refused = client.submit(client.get("/workspace/invite"), {**FIELDS, "email": "nonsense"})
    assert "Enter an e-mail address like" in refused.text
    assert 'value="nonsense"' in refused.text
    page = client.submit(refused, {**FIELDS, "email": "guest@example.org"})
    assert "The link is being sent by e-mail" in page.text
    assert world.get(Outbox).send_due() == 1
    (message,) = world.sent
    assert (message["To"], message["Subject"]) == ("guest@example.org", "Your invitation")
    token = re.search(r"/invitation/(\S+)", text_of(message))[1]
    person = world.get(PeopleService).check(token)
    assert person.study_id not in text_of(message)
    assert world.get(PeopleService).email_of(person.id) is None
    with world.get(Database).engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT recipient, context FROM outbox_message").all()
    assert kept == [(None, None)]


def test_an_invitation_that_is_refused_is_shown_by_study_id(world):
    client = world.staff_client()
    client.submit(client.get("/workspace/invite"), {**FIELDS, "email": "guest@example.org"})
    world.post.failing = Refused("550")
    world.get(Outbox).send_due()
    page = client.get("/workspace/undelivered")
    assert ("C-0001" in page.text, "guest@example.org" in page.text) == (True, False)
    assert "Unreachable address" not in page.text  # it is not her own


def test_without_an_address_nothing_is_sent(world):
    client = world.staff_client()
    client.submit(client.get("/workspace/invite"), FIELDS)
    assert world.get(Outbox).send_due() == 0
