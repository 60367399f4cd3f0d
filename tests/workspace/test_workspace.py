import pytest
from sqlalchemy import event

from portal.audit.service import AuditLog
from portal.db.engine import Database
from portal.people.service import PeopleService
from portal.team.domain import Role


def test_inviting_shows_the_link_once(world):
    client = world.staff_client()
    page = client.submit(client.get("/workspace/invite"), {"group": "carer", "site": "trust-a"})
    link = page.words("p")[[one.get("id") for one in page.all("p")].index("invitation-link")]
    token = link.rsplit("/", 1)[1]
    assert world.get(PeopleService).check(token).study_id == "C-0001"
    assert token not in client.get("/workspace/participants/C-0001").text


def test_countersigning_seals_a_second_receipt(world):
    person = world.participant()
    world.sealed(person)
    client = world.staff_client()
    page = client.get("/workspace/participants/C-0001/countersign")
    refused = client.submit(page, {})
    assert "Write what you talked about" in refused.text
    fields = {"conversation_on": "2026-11-24", "conversation": "All of it.", "identity_check": "known-to-service"}
    done = client.submit(refused, fields)
    assert "Countersigned. Reference S-" in done.text
    assert done.text.count("(PDF)") == 2
    assert client.get("/workspace/participants/C-0001/countersign").address == "/workspace/participants/C-0001"


def test_an_auditor_reads_and_changes_nothing(world):
    world.sealed(world.participant())
    client = world.staff_client(Role.AUDITOR)
    assert client.get("/workspace/participants/C-0001").status == 200
    assert client.get("/workspace/audit").heading == "Audit trail"
    for address in ("/workspace/invite", "/workspace/participants/C-0001/countersign", "/team/members"):
        assert client.get(address).status == 403


def test_it_manages_accounts_and_sees_no_participant(world):
    client = world.staff_client(Role.IT)
    assert client.get("/workspace").address == "/team/members"
    assert client.get("/workspace/participants").status == 403
    assert client.get("/workspace/audit").status == 403


def test_reading_a_receipt_or_an_address_is_on_record_first(world):
    person = world.participant()
    world.get(PeopleService).set_email(person.id, "somebody@example.org")
    reference = world.sealed(person)
    client = world.staff_client()
    assert client.file(f"/workspace/receipts/{reference}.pdf").status_code == 200
    page = client.get("/workspace/participants/C-0001/identity")
    assert "somebody@example.org" not in page.text
    assert "Choose a reason" in client.submit(page, {"words": "to ring her"}).text
    shown = client.submit(page, {"why": "interview", "words": "to agree on an hour"})
    assert "somebody@example.org" in shown.text
    assert "to agree on an hour" in shown.text
    kinds = [one.kind for one in world.get(AuditLog).newest(2)]
    assert kinds == ["people.identity_read", "consent.receipt_read"]


def test_no_list_shows_an_address_or_a_name(world):
    person = world.participant()
    world.get(PeopleService).set_email(person.id, "somebody@example.org")
    world.consent(person, "Very Private Name")
    client = world.staff_client()
    for address in ("/workspace/participants", "/workspace/participants/C-0001"):
        text = client.get(address).text
        assert "somebody@example.org" not in text
        assert "Very Private Name" not in text


@pytest.mark.parametrize("many", [2, 12])
def test_the_list_takes_the_same_number_of_queries_however_long(world, many):
    for _ in range(many):
        world.consent(world.participant())
    client = world.staff_client()
    client.get("/workspace/participants")
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    engine = world.get(Database).engine
    event.listen(engine, "before_cursor_execute", note)
    client.get("/workspace/participants")
    event.remove(engine, "before_cursor_execute", note)
    assert len(seen) <= 22, "\n".join(seen)
