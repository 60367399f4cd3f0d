"""No version takes out a group or a site with people in it, whichever way it comes."""

import io
import shutil
import threading
import zipfile

import pytest
import yaml
from click.testing import CliRunner

from portal.amendments.service import AmendmentService
from portal.audit.service import AuditLog
from portal.cli import portal
from portal.db.engine import Database
from portal.people.errors import PlaceGone
from portal.people.service import PeopleService
from portal.settings import ROOT
from portal.study.errors import LeftOut, PeopleLeftOut, PublishedBefore
from portal.study.loader import load
from portal.study.service import StudyBook
from portal.team.domain import Role
from tests.support.world import ACTOR

VIG = ROOT / "portal" / "study" / "vig"


@pytest.fixture
def folder(tmp_path):
    """The bundled study without its practitioners and without its second site."""
    made = tmp_path / "study"
    shutil.copytree(VIG, made)
    path = made / "study.yaml"
    study = yaml.safe_load(path.read_text(encoding="utf-8"))
    study["groups"] = [one for one in study["groups"] if one["key"] != "practitioner"]
    study["sites"] = [one for one in study["sites"] if one["key"] != "trust-b"]
    kept = [one for one in study["recruitment"]["targets"] if (one["site"], one["group"]) == ("trust-a", "carer")]
    study["recruitment"]["targets"] = kept
    asked = {one["key"] for one in yaml.safe_load((made / "carer" / "questionnaire.yaml").read_text())["questions"]}
    study["recruitment"]["sampling"] = [one for one in study["recruitment"]["sampling"] if one in asked]
    path.write_text(yaml.safe_dump(study, allow_unicode=True), encoding="utf-8")
    shutil.rmtree(made / "practitioner")
    return made


def zipped(folder):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, str(path.relative_to(folder)))
    data.seek(0)
    return data


def people_everywhere(world):
    for group, site in (("carer", "trust-b"), ("practitioner", "trust-a"), ("practitioner", "trust-b")):
        world.invite(group, site)


def test_it_names_each_group_and_site_and_counts_its_people(worlds, folder):
    people_everywhere(worlds)
    book = worlds.get(StudyBook)
    before = book.current()
    with pytest.raises(PeopleLeftOut) as refused:
        book.publish(load(folder))
    assert refused.value.left == (
        LeftOut("group", "practitioner", "Practitioners", 2),
        LeftOut("site", "trust-b", "NHS Trust B [name not public]", 2),
    )
    assert "group Practitioners (practitioner): 2" in str(refused.value)
    assert book.all() == [before]


def test_a_group_and_a_site_without_people_may_go(worlds, folder):
    worlds.invite("carer", "trust-a")
    published = worlds.get(StudyBook).publish(load(folder))
    assert worlds.get(StudyBook).current() == published


def test_it_is_not_even_put_forward(worlds, folder):
    people_everywhere(worlds)
    amendments, events = worlds.get(AmendmentService), worlds.get(AuditLog).head().seq
    with pytest.raises(PeopleLeftOut):
        amendments.draft(load(folder), "Why not.", actor=ACTOR)
    assert amendments.all() == []
    assert worlds.get(AuditLog).head().seq == events


def test_somebody_invited_since_stops_the_publication(worlds, folder):
    amendments, lead = worlds.get(AmendmentService), worlds.member(Role.LEAD)
    before = worlds.get(StudyBook).current()
    number = amendments.draft(load(folder), "Why not.", actor=ACTOR)
    for member in (lead, worlds.member()):
        amendments.approve(number, member)
    worlds.invite("practitioner", "trust-a")
    page = worlds.sign_in(lead)
    worlds.clock.forward(seconds=60)
    told = page.submit(page.get(f"/workspace/amendments/{number}"), {}, form=0)
    assert "Nothing has changed: this version leaves out groups or sites with people in them" in told.text
    assert "Group Practitioners: 1 person. Put them back" in told.text
    assert worlds.get(StudyBook).all() == [before]
    assert amendments.one(number)[0].published_at is None


def test_the_page_says_so_and_keeps_the_reason(worlds, folder):
    people_everywhere(worlds)
    client = worlds.staff_client()
    fields = {"file": (zipped(folder), "study.zip"), "reason": "My long reason."}
    page = client.submit(client.get("/workspace/amendments/new"), fields)
    assert "Group Practitioners: 2 people; Site NHS Trust B [name not public]: 2 people." in page.text
    assert "My long reason." in page.text
    assert worlds.get(AmendmentService).all() == []


@pytest.mark.parametrize(("command", "more"), [("publish", ()), ("propose", ("--reason", "Why not."))])
def test_the_command_line_says_so(world, folder, monkeypatch, command, more):
    people_everywhere(world)
    monkeypatch.setenv("PORTAL_INSTANCE", str(world.settings.instance))
    monkeypatch.setenv("PORTAL_DEMONSTRATION", "1")
    told = CliRunner().invoke(portal, ["study", command, str(folder), *more], catch_exceptions=False)
    assert told.exit_code == 1
    assert "nothing has changed: this version leaves out groups or sites with people in them" in told.output
    assert "site NHS Trust B [name not public] (trust-b): 2" in told.output
    assert len(world.get(StudyBook).all()) == 1
    assert world.get(AmendmentService).all() == []


def test_who_is_being_invited_meanwhile_waits_and_is_refused(worlds, folder):
    """Both take turns, so nobody slips into a group while it is taken out."""
    book, refused = worlds.get(StudyBook), []

    def invite():
        try:
            worlds.invite("practitioner", "trust-b")
        except PlaceGone as error:
            refused.append(error)

    inviting = threading.Thread(target=invite)
    with worlds.get(Database).transaction() as session:
        book.add(session, load(folder))
        session.flush()
        inviting.start()
        inviting.join(timeout=0.5)
        assert inviting.is_alive()
    inviting.join()
    assert len(refused) == 1
    assert worlds.get(PeopleService).all() == []


INVITING = {"group": "practitioner", "site": "trust-b"}
GONE = "This can no longer be chosen: a new version of the study was published. Choose again"


def test_whoever_invites_at_that_moment_is_told_and_can_choose_again(worlds, folder, monkeypatch):
    people, book, client = worlds.get(PeopleService), worlds.get(StudyBook), worlds.staff_client()
    invite = people.invite

    def published_meanwhile(*args, **named):
        book.publish(load(folder))
        return invite(*args, **named)

    monkeypatch.setattr(people, "invite", published_meanwhile)
    page = client.submit(client.get("/workspace/invite"), INVITING)
    assert (page.status, page.text.count(GONE)) == (200, 4)  # for each field, in the summary and beside it
    assert 'value="practitioner"' not in page.text
    assert people.all() == []
    monkeypatch.undo()
    assert "C-0001" in client.submit(page, {"group": "carer", "site": "trust-a"}).text


def test_a_form_from_before_says_the_same(worlds, folder):
    client = worlds.staff_client()
    page = client.get("/workspace/invite")
    worlds.get(StudyBook).publish(load(folder))
    assert client.submit(page, INVITING).text.count(GONE) == 4
    assert worlds.get(PeopleService).all() == []


def test_a_superseded_version_does_not_pretend_to_come_back(worlds, folder):
    book = worlds.get(StudyBook)
    first, second = book.current().study, book.publish(load(folder))
    with pytest.raises(PublishedBefore):
        book.publish(first)
    assert book.current() == second
    assert book.publish(second.study) == second
