from datetime import timedelta

import pytest

from portal.messages.service import Outbox
from portal.people.contact import ContactService
from portal.people.domain import ContactChoices
from portal.people.errors import InvitationExpired, InvitationUnknown, InvitationUsed, NoAddress
from portal.people.service import PeopleService
from portal.team.domain import Role
from tests.support.post import text_of
from tests.support.world import ACTOR


def test_looking_at_a_link_does_not_use_it_up(worlds):
    invited = worlds.invite()
    people = worlds.get(PeopleService)
    for _ in range(3):
        assert people.check(invited.token).study_id == "C-0001"
    assert people.open(invited.token).first_opened_at == worlds.clock()


def test_a_link_opens_once(worlds):
    invited = worlds.invite()
    worlds.get(PeopleService).open(invited.token)
    with pytest.raises(InvitationUsed):
        worlds.get(PeopleService).open(invited.token)


def test_a_link_expires(world):
    invited = world.invite()
    world.clock.at += timedelta(days=28)
    with pytest.raises(InvitationExpired):
        world.get(PeopleService).open(invited.token)


def test_a_newer_link_ends_the_older_one(world):
    first = world.invite()
    second = world.get(PeopleService).renew(first.participant.id, actor=ACTOR)
    with pytest.raises(InvitationExpired):
        world.get(PeopleService).open(first.token)
    assert world.get(PeopleService).open(second.token).id == first.participant.id


@pytest.mark.parametrize("token", ["", "x", "a" * 5000, "ünïcode", "../../etc/passwd", "%00", "\udcff"])
def test_a_malformed_token_is_unknown(world, token):
    with pytest.raises(InvitationUnknown):
        world.get(PeopleService).check(token)


def test_the_token_is_not_kept(world):
    invited = world.invite()
    stored = (world.settings.instance / "portal.sqlite3").read_bytes()
    stored += (world.settings.instance / "portal.sqlite3-wal").read_bytes()
    assert invited.token.encode() not in stored


def test_the_page_of_a_scanner_s_visit_leaves_the_link_whole(world):
    invited, client = world.invite(), world.client()
    page = client.get(f"/invitation/{invited.token}")
    assert page.heading == "You are invited to hear about a study"
    home = client.submit(client.get(f"/invitation/{invited.token}"), {})
    assert (home.address, home.heading) == ("/home", "Your study page")


def _used(world):
    invited = world.invite()
    world.get(PeopleService).open(invited.token)
    return invited.token


def _old(world):
    invited = world.invite()
    world.clock.at += timedelta(days=40)
    return invited.token


@pytest.mark.parametrize(
    ("make", "heading", "status"),
    [
        (lambda w: "never-made", "We do not know this link", 404),
        (_used, "This link was opened before", 410),
        (_old, "This link is too old", 410),
    ],
)
def test_a_link_that_does_not_work_says_why(world, make, heading, status):
    page = world.client().get(f"/invitation/{make(world)}")
    assert (page.heading, page.status) == (heading, status)


def test_study_ids_count_up_within_a_group(worlds):
    ids = [worlds.invite(group).participant.study_id for group in ("carer", "practitioner", "carer")]
    assert ids == ["C-0001", "P-0001", "C-0002"]


def test_a_fresh_link_goes_to_the_address_that_she_gave(worlds):
    person, people = worlds.participant(), worlds.get(PeopleService)
    assert not people.may_be_sent_a_link(person.id)
    with pytest.raises(NoAddress):
        people.renew(person.id, actor=ACTOR, to_known=True)
    people.set_email(person.id, "she@example.org")
    made = people.renew(person.id, actor=ACTOR, to_known=True)
    worlds.get(Outbox).send_due()
    (mail,) = worlds.sent
    assert mail["To"] == "she@example.org"
    assert made.token in text_of(mail)
    assert "Teesside" not in mail["From"]


def test_nothing_is_sent_to_who_wants_no_messages(worlds):
    person, people = worlds.participant(), worlds.get(PeopleService)
    people.set_email(person.id, "she@example.org")
    worlds.get(ContactService).save(person.id, ContactChoices(channel=None))
    old = people.renew(person.id, actor=ACTOR)
    with pytest.raises(NoAddress):
        people.renew(person.id, actor=ACTOR, to_known=True)
    assert people.check(old.token).id == person.id


def test_the_team_chooses_how_a_fresh_link_reaches_her(world):
    person, team = world.participant(), world.staff_client(Role.RESEARCHER)
    address = f"/workspace/participants/{person.study_id}/renew"
    page = team.get(address)
    assert "so the portal does not send it" in page.text
    assert "Choose how the link reaches the participant" in team.submit(page, {}).text
    shown = team.submit(page, {"how": "show"})
    assert "Send this link to the participant" in shown.text
    world.get(PeopleService).set_email(person.id, "she@example.org")
    sent = team.submit(team.get(address), {"how": "send"})
    assert "The link is being sent by e-mail" in sent.text
    assert "she@example.org" not in sent.text
    world.get(Outbox).send_due()
    assert [mail["To"] for mail in world.sent] == ["she@example.org"]
