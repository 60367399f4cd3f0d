from portal.audit.service import AuditLog
from portal.clock import now
from portal.db.engine import Database
from portal.db.kinds import DataKind
from portal.notes.domain import NoteKind
from portal.notes.service import NotesService
from portal.team.domain import Role
from tests.support.world import ACTOR


def test_a_note_is_kept_sealed_and_read_on_record(worlds):
    person, member, notes = worlds.participant(), worlds.member(), worlds.get(NotesService)
    notes.write(person, NoteKind.NOTE, "Prefers mornings.", staff_id=member.id)
    notes.write(person, NoteKind.MEMO, "Trust came first.", staff_id=member.id)
    assert [one.text for one in notes.read(person, actor=ACTOR)] == ["Trust came first.", "Prefers mornings."]
    assert [one.kind for one in worlds.get(AuditLog).newest(3)] == ["notes.read", "notes.written", "notes.written"]
    assert [one.text for one in notes.memos([person], actor=ACTOR)[person.id]] == ["Trust came first."]
    worlds.get(Database).personal.destroy(person.study_id, DataKind.ANSWERS, now())
    assert notes.read(person, actor=ACTOR) == []


def test_a_note_about_the_theory_belongs_to_nobody(worlds):
    member = worlds.member()
    worlds.get(NotesService).write_saturation("No new category in three interviews.", staff_id=member.id)
    assert [one.study_id for one in worlds.get(NotesService).saturation()] == [""]


def test_through_the_page(world):
    world.participant()
    client = world.staff_client()
    page = client.get("/workspace/participants/C-0001/notes")
    refused = client.submit(page, {"kind": "memo", "text": " "})
    assert "Write something first" in refused.text
    assert "Trust &lt;first&gt;" in client.submit(page, {"kind": "memo", "text": "Trust <first>"}).text
    assert "Notes and memos (1)" in client.get("/workspace/participants/C-0001").text


def test_an_auditor_reads_no_notes(world):
    world.participant()
    client = world.staff_client(Role.AUDITOR)
    assert client.get("/workspace/participants/C-0001/notes").status == 403
    assert "Notes and memos" not in client.get("/workspace/participants/C-0001").text
