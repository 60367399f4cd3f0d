"""An amendment from the upload to re-consent: compared, approved by two, published."""

import io
import shutil
import zipfile

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.amendments.comparing import compare
from portal.amendments.domain import Status
from portal.amendments.errors import ApprovedBefore, NotApproved, NothingChanged, NotOpen
from portal.amendments.service import AmendmentService
from portal.consent.domain import Standing
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.people.service import PeopleService
from portal.settings import ROOT
from portal.study.loader import load
from portal.study.service import StudyBook
from portal.team.domain import Role
from tests.support.world import ACTOR

VIG = ROOT / "portal" / "study" / "vig"
OLD = "I understand that taking part is my choice."


@pytest.fixture
def folder(tmp_path):
    """The bundled study with a new version of the carers' form: a statement changed."""
    made = tmp_path / "study"
    shutil.copytree(VIG, made)
    form = made / "carer" / "consent.yaml"
    words = form.read_text(encoding="utf-8")
    assert OLD in words
    changed = words.replace(OLD, f"{OLD} New words.").replace('version: "0.1"', 'version: "0.2"', 1)
    form.write_text(changed, encoding="utf-8")
    return made


def zipped(folder, prefix=""):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, prefix + str(path.relative_to(folder)))
    return data.getvalue()


def upload(client, data, reason="Substantial amendment 1."):
    page = client.get("/workspace/amendments/new")
    return client.submit(page, {"file": (io.BytesIO(data), "study.zip"), "reason": reason})


def drafted(world, folder):
    return world.get(AmendmentService).draft(load(folder), "Why not.", actor=ACTOR)


def test_two_people_publish_what_they_compared(worlds, folder):
    person = worlds.participant()
    worlds.consent(person)
    worlds.invite("carer")
    researcher, lead = worlds.staff_client(), worlds.staff_client(Role.LEAD)
    page = upload(researcher, zipped(folder, "study/"))
    assert page.address == "/workspace/amendments/1"
    assert "New words." in page.words("ins")
    assert "so 1 participant must consent anew; 1 has not consented yet" in page.text
    assert "Publish it now" not in researcher.submit(page, {}, form=0).text
    approved = lead.submit(lead.get(page.address), {}, form=0)
    assert "Publish it now" in approved.text
    done = lead.submit(approved, {}, form=0)
    assert done.address == "/workspace/amendments"
    assert "C-0001" in done.words("a")  # to be asked anew
    state = worlds.get(ConsentService).state(person)
    assert state.standing is Standing.OUTDATED
    worlds.consent(person)
    assert "C-0001" not in lead.get("/workspace/amendments").words("a")


def test_one_person_is_not_enough(worlds, folder):
    amendments, lead, researcher = worlds.get(AmendmentService), worlds.member(Role.LEAD), worlds.member()
    number = drafted(worlds, folder)
    amendments.approve(number, lead)
    with pytest.raises(ApprovedBefore):
        amendments.approve(number, lead)
    with pytest.raises(NotApproved):
        amendments.publish(number, actor=ACTOR)
    amendments.approve(number, researcher)
    published = amendments.publish(number, actor=ACTOR)
    assert published.content_hash == load(folder).content_hash == worlds.get(StudyBook).current().content_hash
    assert amendments.publish(number, actor=ACTOR) == published  # pressed twice


def test_two_researchers_are_not_enough(world, folder):
    amendments, number = world.get(AmendmentService), drafted(world, folder)
    for _ in range(2):
        amendments.approve(number, world.member())
    with pytest.raises(NotApproved):
        amendments.publish(number, actor=ACTOR)


def test_what_is_over_stays_over(world, folder):
    amendments, book = world.get(AmendmentService), world.get(StudyBook)
    first, second = drafted(world, folder), drafted(world, folder)
    amendments.withdraw(first, actor=ACTOR)
    with pytest.raises(NotOpen):
        amendments.approve(first, world.member())
    book.publish(book.current().study.model_copy(update={"short_title": "Another"}))
    assert amendments.one(second)[0].status(book.current().content_hash) is Status.OVERTAKEN
    with pytest.raises(NotOpen):
        amendments.publish(second, actor=ACTOR)


def test_the_same_again_is_no_amendment(world, folder):
    with pytest.raises(NothingChanged):
        drafted(world, VIG)


def test_the_database_keeps_what_was_approved(worlds, folder):
    number = drafted(worlds, folder)
    worlds.get(AmendmentService).approve(number, worlds.member())
    for statement in ("UPDATE amendment SET content = '{}'", "DELETE FROM amendment_approval"):
        with pytest.raises(DBAPIError, match="only ever added"), worlds.get(Database).transaction() as session:
            session.execute(text(statement))


def test_only_the_text_that_changed_is_marked(folder):
    changes = compare(load(VIG), load(folder))
    assert changes.study == ()
    (change,) = changes.documents
    assert (change.group, change.document, change.version_stays) == ("carer", "consent", False)
    row = next(one for one in change.rows if one.name != "version")
    assert [one.text.strip() for one in row.new if one.mark == "new"] == ["New words."]
    assert all(one.mark == "same" for one in row.old)


def test_a_section_moved_in_or_out_is_told(folder):
    sheet = folder / "carer" / "information-sheet.md"
    sheet.write_text(
        sheet.read_text(encoding="utf-8") + "\n## Something new {#something-new}\n\nHello.\n", encoding="utf-8"
    )
    changes = compare(load(VIG), load(folder))
    there = [one for one in changes.documents if one.document == "information-sheet"]
    assert [(row.name, row.before, row.after) for row in there[0].rows] == [("Something new", None, "Hello.")]
    assert there[0].version_stays
    back = compare(load(folder), load(VIG))
    assert [row.after for one in back.documents if one.document == "information-sheet" for row in one.rows] == [None]


def test_problems_are_told_with_file_and_line_and_nothing_is_lost(world, folder):
    (folder / "study.yaml").write_text("title: [", encoding="utf-8")
    page = upload(world.staff_client(), zipped(folder), "My long reason.")
    assert "study.yaml" in page.text
    assert "line 1" in page.text
    assert "My long reason." in page.text
    assert world.get(AmendmentService).all() == []


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.IT])
def test_others_put_nothing_forward(world, role):
    client = world.staff_client(role)
    assert client.get("/workspace/amendments/new").status == 403
    assert client.get("/workspace/amendments").status == (200 if role is Role.AUDITOR else 403)


def test_a_member_of_one_site_sees_its_participants_only(world, folder):
    world.consent(world.participant())
    drafted(world, folder)
    client = world.staff_client(sites=["trust-b"])
    assert "so 0 participants must consent anew" in client.get("/workspace/amendments/1").text
    assert world.get(PeopleService).all(["trust-b"]) == []


def test_a_group_that_takes_over_another_s_letters_gives_nobody_her_number(worlds):
    worlds.invite("carer")
    worlds.invite("practitioner")
    book = worlds.get(StudyBook)
    study = book.current().study
    letters = {"carer": "P", "practitioner": "C"}
    groups = tuple(one.model_copy(update={"prefix": letters[one.key]}) for one in study.groups)
    book.publish(study.model_copy(update={"groups": groups}))
    assert worlds.invite("carer").participant.study_id == "P-0002"
    assert worlds.invite("practitioner").participant.study_id == "C-0002"


def test_a_draft_after_an_approved_version_is_warned_of(world):
    book = world.get(StudyBook)
    study, warning = book.current().study, "nobody can be invited"
    number = world.get(AmendmentService).draft(study.model_copy(update={"short_title": "Other"}), "x", actor=ACTOR)
    client = world.staff_client()
    assert warning not in client.get(f"/workspace/amendments/{number}").text
    approved = {}
    for group, documents in study.documents.items():
        named = [name for name in type(documents).model_fields if getattr(documents, name) is not None]
        ready = {name: getattr(documents, name).model_copy(update={"status": "approved"}) for name in named}
        approved[group] = documents.model_copy(update=ready)
    assert not book.publish(study.model_copy(update={"documents": approved})).study.draft
    number = world.get(AmendmentService).draft(study.model_copy(update={"short_title": "Other"}), "x", actor=ACTOR)
    assert warning in client.get(f"/workspace/amendments/{number}").text
