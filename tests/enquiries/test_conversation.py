import pytest

from portal.audit.service import AuditLog
from portal.db.engine import Database
from portal.db.kinds import DataKind
from portal.enquiries.domain import A_DAY
from portal.enquiries.errors import TooMany
from portal.enquiries.service import EnquiryService
from portal.messages.service import Outbox
from portal.people.service import PeopleService
from portal.team.domain import Role
from portal.team.service import TeamService
from tests.support.post import text_of
from tests.support.world import ACTOR, PASSWORD

SECRET = "I have felt low since Tuesday."


@pytest.fixture
def she(worlds):
    person = worlds.participant()
    worlds.get(PeopleService).set_email(person.id, "somebody@example.org")
    return person


def test_a_question_reaches_the_shared_inbox_and_its_answer_comes_back(worlds, she):
    enquiries, first, second = worlds.get(EnquiryService), worlds.member(), worlds.member(Role.LEAD)
    enquiries.ask(she, SECRET, "risks")
    assert [(one.study_id, one.waiting) for one in enquiries.threads()] == [("C-0001", 1)]
    read = enquiries.read(she, actor=ACTOR)
    assert [(one.text, one.about, one.from_team, one.seen) for one in read] == [(SECRET, "risks", False, False)]
    enquiries.answer(she, "Thank you for telling us.", staff_id=second.id)
    assert enquiries.waiting() == 0
    assert enquiries.unread(she.id) == 1
    assert [one.from_team for one in enquiries.mine(she)] == [False, True]
    assert enquiries.unread(she.id) == 0
    worlds.clock.forward(minutes=15)
    worlds.get(Outbox).send_due()
    told = {(one["To"], one["Subject"]) for one in worlds.sent}
    assert told == {
        (first.email, "A participant has written"), (second.email, "A participant has written"),
        ("somebody@example.org", "A message for you"),
    }  # fmt: skip


def test_no_message_and_no_event_holds_a_word_of_it(worlds, she):
    member = worlds.member()
    worlds.get(EnquiryService).ask(she, SECRET)
    worlds.get(EnquiryService).read(she, actor=ACTOR)
    worlds.get(EnquiryService).answer(she, "About your low mood", staff_id=member.id)
    worlds.clock.forward(minutes=15)
    worlds.get(Outbox).send_due()
    assert len(worlds.sent) == 2
    for message in worlds.sent:
        assert not [word for word in ("low", "Tuesday", "mood", "C-0001") if word in text_of(message)]
    newest = worlds.get(AuditLog).newest(3)
    assert [one.kind for one in newest] == ["enquiries.answered", "enquiries.read", "enquiries.asked"]
    assert all(one.fields == {} for one in newest)
    if not worlds.settings.database_url:
        for file in worlds.settings.instance.glob("portal.sqlite3*"):
            assert b"felt low" not in file.read_bytes()


def test_what_she_wrote_goes_with_her_key(worlds, she):
    worlds.get(EnquiryService).ask(she, SECRET)
    worlds.get(Database).personal.destroy(she.study_id, DataKind.CONTACT, worlds.clock())
    assert [one.text for one in worlds.get(EnquiryService).read(she, actor=ACTOR)] == [""]


def test_the_longest_wait_comes_first_and_set_aside_is_settled(worlds):
    first, second = worlds.participant(), worlds.participant("practitioner")
    enquiries = worlds.get(EnquiryService)
    enquiries.ask(second, "One")
    worlds.clock.forward(minutes=5)
    enquiries.ask(first, "Two")
    enquiries.ask(second, "Three")
    assert [(one.study_id, one.waiting) for one in enquiries.threads()] == [("P-0001", 2), ("C-0001", 1)]
    enquiries.set_aside(second, actor=ACTOR)
    assert [(one.study_id, one.waiting) for one in enquiries.threads()] == [("C-0001", 1), ("P-0001", 0)]
    assert enquiries.threads(sites=["trust-b"]) == []


def test_a_day_s_messages_are_limited(worlds, she):
    enquiries = worlds.get(EnquiryService)
    for number in range(A_DAY):
        enquiries.ask(she, f"Question {number}")
    with pytest.raises(TooMany):
        enquiries.ask(she, "One more")
    worlds.clock.forward(hours=24)
    enquiries.ask(she, "Tomorrow")


def test_a_member_of_another_site_is_not_told_and_sees_nothing(world):
    person = world.participant()
    here, elsewhere = world.member(), world.member(Role.LEAD)
    world.get(TeamService).change(here.id, Role.RESEARCHER, ["trust-b"], actor=ACTOR)
    world.get(EnquiryService).ask(person, SECRET)
    world.get(EnquiryService).ask(person, "And something else.")
    world.clock.forward(minutes=15)
    world.get(Outbox).send_due()
    assert [one["To"] for one in world.sent] == [elsewhere.email]
    client = world.client()
    fields = {"email": here.email, "password": PASSWORD, "code": world.code(world.secrets[here.id])}
    client.submit(client.get("/team/sign-in"), fields)
    assert "C-0001" not in client.get("/workspace/enquiries").text
    assert client.get("/workspace/enquiries/C-0001").status == 404


def test_results_reach_those_who_asked_for_them_once(worlds):
    wants, wants_not, undecided = worlds.participant(), worlds.participant(), worlds.participant()
    for person in (wants, wants_not, undecided):
        worlds.get(PeopleService).set_email(person.id, f"{person.study_id}@example.org".lower())
    worlds.consent(wants)
    worlds.consent(wants_not, summary=False)
    member, enquiries = worlds.member(Role.LEAD), worlds.get(EnquiryService)
    assert enquiries.results_for() == 1
    assert [enquiries.send_results("What we found.", staff_id=member.id) for _ in range(2)] == [1, 0]
    worlds.get(Outbox).send_due()
    assert [one["Subject"] for one in worlds.sent] == ["Something you asked for"]
    assert [one.text for one in enquiries.mine(wants)] == ["What we found."]
    assert enquiries.mine(wants_not) == enquiries.mine(undecided) == []


def test_through_the_pages(world):
    client, invited = world.participant_client()
    sheet = client.get("/information")
    link = next(one for one in sheet.links() if one.startswith("/messages?about="))
    page = client.get(link)
    assert "About: " in page.text
    empty = client.submit(page, {"text": "  \r\n "})
    assert "Write your message" in empty.text
    assert "About: " in empty.text
    hostile = "<script>alert(1)</script>\r\nsecond line \x00\x1b é"
    sent = client.submit(empty, {"text": hostile})
    assert "Sent. We will answer here." in sent.text
    assert "&lt;script&gt;" in sent.text
    staff = world.staff_client()
    assert "1 message, since" in staff.get("/workspace/enquiries").text
    opened = staff.get(f"/workspace/enquiries/{invited.participant.study_id}")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\nsecond line  é" in opened.text
    answered = staff.submit(opened, {"text": "An answer"}, form=0)
    assert "answered" in answered.text
    assert "1 new" in client.get("/home").text
    assert "An answer" in client.get("/messages").text
    assert "1 new" not in client.get("/home").text


def test_too_long_and_made_up_subjects_are_refused_or_left_out(world):
    client, _ = world.participant_client()
    page = client.get("/messages?about=%3Cscript%3E")
    assert "script&gt;" not in page.text.split("<main")[1].split("<form")[0]
    refused = client.submit(page, {"text": "x" * 4001})
    assert "Use 4000 characters or fewer" in refused.text
    assert "x" * 4001 in refused.text
    assert client.submit(page, {"text": "Fine", "about": "no-such-section"}).status == 200


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.IT])
def test_auditors_and_it_read_no_messages(world, role):
    world.participant()
    client = world.staff_client(role)
    for address in ("/workspace/enquiries", "/workspace/enquiries/C-0001", "/workspace/results"):
        assert client.get(address).status == 403


def test_whoever_is_not_signed_in_finds_whom_to_ask(world):
    page = world.client().get("/contact")
    assert "Chloe Smith" in page.text
    assert "/sign-in" in page.links()
