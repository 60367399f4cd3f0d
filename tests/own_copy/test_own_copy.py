import io
import json
import zipfile

from portal.audit.service import AuditLog
from portal.consent.readings import Readings
from portal.consent.service import ConsentService, Countersigning
from portal.db.base import Base
from portal.db.engine import Database
from portal.db.personal import PersonalBytes, PersonalText
from portal.demographics.domain import Value
from portal.demographics.service import DemographicsService
from portal.erasure.duty import ErasureDuty
from portal.notes.domain import NoteKind
from portal.notes.service import NotesService
from portal.own_copy.service import OwnCopyService
from portal.own_copy.words import told
from portal.people.service import PeopleService
from portal.recordings.domain import new_recording_id
from portal.recordings.store import RecordingRow
from portal.recruitment.service import RecruitmentService
from portal.rooms.service import RoomService
from portal.study.service import StudyBook
from portal.team.domain import Role
from tests.support.world import ACTOR


def opened(content):
    archive = zipfile.ZipFile(io.BytesIO(content))
    return {name: archive.read(name) for name in archive.namelist()}


def copy_of(world, person):
    with world.app.test_request_context():
        return opened(world.get(OwnCopyService).make(person, actor=ACTOR, for_whom="herself", tell=told))


def test_it_holds_everything_about_her_and_nothing_of_anybody_else(worlds):
    person, other = worlds.participant(), worlds.participant()
    worlds.get(PeopleService).set_email(person.id, "somebody@example.org")
    worlds.sealed(person)
    worlds.consent(other, "Somebody Else")
    question = worlds.get(DemographicsService).questionnaire(person).questions[0]
    worlds.get(DemographicsService).answer(person, question.key, Value((question.choices[0].key,)))
    worlds.get(NotesService).write(person, NoteKind.NOTE, "Prefers <mornings>.", staff_id=worlds.member().id)
    members = copy_of(worlds, person)
    page = members["your-data.html"].decode()
    for words in ("somebody@example.org", "Invented Person", question.choices[0].text, "Prefers &lt;mornings&gt;."):
        assert words in page
    assert "Somebody Else" not in page
    assert json.loads(members["your-data.json"])["study_id"] == person.study_id
    assert [name for name in members if name.startswith("receipts/")]
    assert worlds.get(AuditLog).newest(1)[0].fields["for_whom"] == "herself"


def test_it_holds_earlier_answers_with_their_dates_and_versions(worlds):
    person, demographics, book = worlds.participant(), worlds.get(DemographicsService), worlds.get(StudyBook)
    worlds.consent(person)
    first, second = [one for one in demographics.questionnaire(person).questions if one.kind == "single"][:2]
    old, new = first.choices[0], first.choices[1]
    demographics.answer(person, second.key, Value((second.choices[0].key,)))
    demographics.answer(person, first.key, Value((old.key,)))
    assert "Your earlier answers" not in copy_of(worlds, person)["your-data.html"].decode()

    study = book.current().study
    documents = study.documents["carer"]
    asked_anew = first.model_copy(update={"label": "The same in other words?"})
    questions = tuple(asked_anew if one == first else one for one in documents.questionnaire.questions)
    form = documents.questionnaire.model_copy(update={"questions": questions, "version": "0.9"})
    carers = documents.model_copy(update={"questionnaire": form})
    book.publish(study.model_copy(update={"documents": {**study.documents, "carer": carers}}))
    worlds.clock.forward(days=1)
    demographics.answer(person, first.key, Value((new.key,)))
    demographics.answer(person, first.key, Value(declined=True))

    parts = {one["title"]: one["lines"] for one in json.loads(copy_of(worlds, person)["your-data.json"])["parts"]}
    before, after = documents.questionnaire.version, "0.9"
    assert parts["Your answers"] == [
        [second.label, f"{second.choices[0].text} (24 November 2026 at 10:00, version {before} of the questions)"],
        [
            "The same in other words?",
            f"you prefer not to say (25 November 2026 at 10:00, version {after} of the questions)",
        ],
    ]
    assert parts["Your earlier answers, which you changed later"] == [
        [first.label, f"{old.text} (24 November 2026 at 10:00, version {before} of the questions)"],
        ["The same in other words?", f"{new.text} (25 November 2026 at 10:00, version {after} of the questions)"],
    ]


def test_in_one_click_and_not_too_often(world):
    client, invited = world.participant_client()
    page = client.get("/your-copy")
    values = page.form_values(page.all("main")[0].find(".//{*}form"))
    answers = [client.raw.post("/your-copy", data=values) for _ in range(6)]
    assert [one.status_code for one in answers] == [200] * 5 + [429]
    assert "your-data.html" in opened(answers[0].data)
    assert "/your-copy" in client.get("/home").links()
    assert world.get(AuditLog).newest(1)[0].subject == invited.participant.subject


def test_the_team_makes_one_on_record(world):
    person = world.participant()
    client = world.staff_client()
    page = client.get(f"/workspace/participants/{person.study_id}/copy")
    values = page.form_values(page.all("main")[0].find(".//{*}form"))
    answer = client.raw.post(f"/workspace/participants/{person.study_id}/copy", data=values)
    assert "your-data.json" in opened(answer.data)
    assert world.get(AuditLog).newest(1)[0].fields["for_whom"] == "team"
    auditor = world.staff_client(Role.AUDITOR)
    assert auditor.get(f"/workspace/participants/{person.study_id}/copy").status == 403


def test_it_says_that_recordings_exist_and_how_to_hear_them(worlds):
    person, member = worlds.participant(), worlds.member()
    worlds.consent(person)
    copy = copy_of(worlds, person)
    assert "nothing so far" in copy["your-data.html"].decode()
    room = worlds.get(RoomService).open_by_hand(person, staff_id=member.id)
    row = RecordingRow(
        id=new_recording_id(), room=room.code, study_version="", opened_at=worlds.clock(), duration_ms=61_000,
        ended=True, interrupted=False, discarded=False, recipients=[], head="", manifest_bytes=1, told=[],
        problems=[], catalogued_at=worlds.clock(), away=False,
    )  # fmt: skip
    with worlds.get(Database).transaction() as session:
        session.add(row)
    copy = copy_of(worlds, person)
    page = copy["your-data.html"].decode()
    assert "2 minutes" in page
    assert "To hear yours or to have a copy, write to the team" in page
    assert worlds.get(StudyBook).current().study.contacts[0].email in page


def test_it_holds_what_the_team_and_the_portal_kept_besides(worlds):
    person = worlds.participant()
    check = worlds.get(StudyBook).current().study.documents["carer"].comprehension
    first = check.questions[0]
    worlds.get(Readings).save_check(person, check, {first.key: first.choices[-1].key})
    worlds.get(RecruitmentService).decline(person, "no-time")
    worlds.consent(person)
    given = worlds.get(ConsentService).state(person).given
    member = worlds.member()
    declared = Countersigning(
        "Invented Researcher", worlds.clock(), "She asked about <recordings>.", "known-to-service"
    )
    worlds.get(ConsentService).countersign(given.id, declared, staff_id=member.id)
    page = copy_of(worlds, person)["your-data.html"].decode()
    for words in (first.question, first.choices[-1].text, "She asked about &lt;recordings&gt;.",
                  "You said that you do not want to take part", "When messages may reach you"):  # fmt: skip
        assert words.replace("'", "&#39;") in page, words
    label = worlds.get(StudyBook).current().study.recruitment.label("no-time")
    assert label in page
    assert "What was removed" not in page
    worlds.get(ConsentService).withdraw(person, "stop-remove")
    worlds.get(ErasureDuty).run()
    page = copy_of(worlds, person)["your-data.html"].decode()
    assert "Removed: your answers, and notes about you" in page
    assert first.question not in page


def test_it_names_what_every_table_about_her_holds():
    """A new table about a participant: put it into her copy, or say here why it is not her data."""
    apart = {
        "audit_event": "the trail, of what is in the copy", "booking_hold": "minutes", "booking_live": "a claim",
        "consent_draft": "her own unfinished form, on her pages", "erasure_request": "its words are for the team",
        "invitation": "a link's hash", "outbox_message": "what she was sent", "passkey": "her device holds it",
        "receipt": "as files", "room_event": "who came and went", "room_guest": "somebody else",
        "room_stop": "who came and went",
        "room_tick": "the interviewer's ticks", "sheet_reading": "a moment", "sign_in_code": "minutes",
        "web_session": "minutes", "booking_zone": "how times are shown", "team_key": "the team's",
    }  # fmt: skip
    told = {
        "booking", "booking_placement", "booking_cancellation", "comprehension_check", "consent", "consent_answer",
        "contact_choice", "countersignature", "demographic_answer", "enquiry", "erasure", "identity", "identity_look",
        "not_taking_part", "participant_note", "room", "room_note", "room_outcome", "withdrawal",
    }  # fmt: skip
    marks = {"participant_id", "subject", "owner", "room_id", "consent_id", "principal"}
    hers = {
        table.name for table in Base.metadata.sorted_tables
        if any(one.name in marks or isinstance(one.type, PersonalText | PersonalBytes) for one in table.columns)
    }  # fmt: skip
    assert hers == told | apart.keys()
