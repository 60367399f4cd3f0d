from portal.erasure.duty import ErasureDuty
from portal.erasure.retention import RetentionService
from portal.people.service import PeopleService
from portal.team.domain import Role


def test_one_asks_and_another_approves(world):
    person = world.participant()
    world.get(PeopleService).set_email(person.id, "somebody@example.org")
    asking, deciding = world.staff_client(Role.LEAD), world.staff_client(Role.LEAD)
    page = asking.get(f"/workspace/participants/{person.study_id}/erase")
    assert "Choose what is to be erased" in asking.submit(page, {"why": "asked", "words": "x"}).text
    asking.submit(page, {"kinds": ["contact"], "why": "asked", "words": "by telephone"})
    own = asking.get("/workspace/retention")
    assert "Somebody else who may erase has to decide" in own.text
    assert "Approve and erase" not in own.text
    others = deciding.get("/workspace/retention")
    assert "by telephone" in others.text
    done = deciding.submit(others, {}, form=0)
    assert "Approved" in done.text
    assert world.get(ErasureDuty).run() == 1
    assert world.get(PeopleService).email_of(person.id) is None
    assert "key destroyed" in deciding.get("/workspace/retention").text


def test_whoever_asked_cannot_decide_even_by_force(world):
    person, member = world.participant(), world.member(Role.LEAD)
    number = world.get(RetentionService).ask(person, [], "asked", "x", staff_id=member.id)
    client = world.sign_in(member)
    token = client.get("/workspace/retention").form_values(client.get("/workspace/retention").all("form")[-1])
    answer = client.raw.post(f"/workspace/retention/requests/{number}/approve", data=token, follow_redirects=True)
    assert "You asked for this yourself" in answer.get_data(as_text=True)


def test_a_milestone_is_declared_by_one_and_confirmed_by_another(world):
    one, two = world.staff_client(Role.LEAD), world.staff_client(Role.LEAD)
    page = one.get("/workspace/retention")
    early = one.submit(page, {"milestone": "study_end", "day": "2030-01-01"})
    assert "This day is still to come" in early.text
    one.submit(page, {"milestone": "study_end", "day": "2026-11-24"})
    assert "A second person has to confirm it" in one.get("/workspace/retention").text
    assert "Confirmed" in two.submit(two.get("/workspace/retention"), {}, form=0).text


def test_another_site_and_other_roles_see_nothing(world):
    person = world.participant()
    world.get(RetentionService).ask(person, [], "asked", "private words", staff_id=world.member().id)
    elsewhere = world.staff_client(Role.LEAD, sites=["trust-b"])
    assert "private words" not in elsewhere.get("/workspace/retention").text
    assert elsewhere.get(f"/workspace/participants/{person.study_id}/erase").status == 404
    assert world.staff_client(Role.AUDITOR).get("/workspace/retention").status == 403
    researcher = world.staff_client(Role.RESEARCHER)
    assert "Approve and erase" not in researcher.get("/workspace/retention").text


def test_another_site_decides_nothing(world):
    person = world.participant()
    number = world.get(RetentionService).ask(person, [], "asked", "x", staff_id=world.member(Role.LEAD).id)
    elsewhere = world.staff_client(Role.LEAD, sites=["trust-b"])
    page = elsewhere.get("/workspace/retention")
    token = page.form_values(page.all("form")[-1])
    for act in ("approve", "refuse"):
        answer = elsewhere.raw.post(f"/workspace/retention/requests/{number}/{act}", data=token)
        assert answer.status_code == 404
    assert [one.id for one in world.get(RetentionService).requests(None)] == [number]
