import re
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from portal.audit.service import AuditLog
from portal.consent.sealing import Sealing
from portal.consent.service import ConsentService
from portal.consent.store import ConsentRow
from portal.db.base import Base
from portal.db.engine import Database
from portal.db.errors import StorageUnavailable
from portal.db.kinds import DataKind
from portal.db.personal import PersonalBytes, PersonalText
from portal.demographics.domain import Value
from portal.demographics.service import DemographicsService
from portal.erasure.domain import Cause, Outcome
from portal.erasure.duty import ErasureDuty
from portal.erasure.errors import DayInFuture, RequestUnknown, SecondPersonNeeded
from portal.erasure.retention import RetentionService
from portal.erasure.service import ErasureService
from portal.notes.domain import NoteKind
from portal.notes.service import NotesService
from portal.passkeys.errors import PasskeyRefused
from portal.passkeys.service import PasskeyService
from portal.people.service import PeopleService
from portal.receipts.service import ReceiptService
from portal.team.domain import Role
from tests.support.authenticator import Authenticator
from tests.support.world import ACTOR


def told_a_lot(world):
    """Somebody who consented, gave an address and answered, and about whom a note was written."""
    made = world.participant()
    world.get(PeopleService).set_email(made.id, "somebody@example.org")
    world.consent(made)
    demographics = world.get(DemographicsService)
    for one in demographics.questionnaire(made).questions[:2]:
        demographics.answer(made, one.key, Value(declined=True))
    world.get(NotesService).write(made, NoteKind.NOTE, "Prefers mornings.", staff_id=world.member().id)
    return made


def run(worlds):
    return worlds.get(ErasureDuty).run()


def test_a_withdrawal_that_removes_takes_answers_and_notes_and_keeps_the_consent(worlds):
    person = told_a_lot(worlds)
    reference = worlds.get(ConsentService).withdraw(person, "stop-remove")
    assert run(worlds) == 1
    assert run(worlds) == 0
    assert worlds.get(DemographicsService).answers(person.id) == {}
    assert worlds.get(NotesService).of(person) == []
    with worlds.get(Database).reading() as session:
        assert session.scalars(select(ConsentRow.name)).one() == "Invented Person"
    answers, recordings = worlds.get(ErasureService).of(person)
    assert (answers.kind, answers.cause, answers.because) == (DataKind.ANSWERS, Cause.WITHDRAWAL, reference)
    assert answers.removed["demographic_answer"] == 2
    assert answers.removed["participant_note"] == 1
    assert len(answers.keys) == 1
    assert recordings.kind is DataKind.RECORDINGS
    event = next(one for one in worlds.get(AuditLog).newest(9) if one.fields.get("reference") == answers.reference)
    assert event.fields["record"] == answers.sha256


def test_no_byte_of_it_is_left_to_be_opened(worlds):
    person = told_a_lot(worlds)
    worlds.get(ConsentService).withdraw(person, "stop-remove")
    run(worlds)
    with worlds.get(Database).engine.connect() as connection:
        left = connection.execute(text("SELECT value FROM demographic_answer")).scalars()
        assert {bytes(one) for one in left} == {b""}


@pytest.mark.parametrize("level", ["stop-recording", "stop-contact", "stop-keep"])
def test_other_levels_remove_nothing(world, level):
    person = told_a_lot(world)
    world.get(ConsentService).withdraw(person, level)
    assert run(world) == 0
    assert world.get(DemographicsService).answers(person.id) != {}


def test_too_late_is_recorded_and_nothing_goes(world):
    person = told_a_lot(world)
    world.clock.forward(days=15)
    world.get(ConsentService).withdraw(person, "stop-remove")
    assert run(world) == 1
    assert [one.outcome for one in world.get(ErasureService).of(person)] == [Outcome.TOO_LATE] * 2
    assert world.get(DemographicsService).answers(person.id) != {}
    assert run(world) == 0


def test_a_request_takes_two_people(worlds):
    person = told_a_lot(worlds)
    reference = worlds.get(ConsentService).references(person.id)[0][1]
    assert worlds.get(Sealing).seal(reference)
    retention, one, two = worlds.get(RetentionService), worlds.member(), worlds.member(Role.LEAD)
    kinds = (DataKind.CONTACT, DataKind.CONSENT)
    number = retention.ask(person, kinds, "asked", "by telephone", staff_id=one.id)
    with pytest.raises(SecondPersonNeeded):
        retention.decide(number, approve=True, staff_id=one.id)
    assert run(worlds) == 0
    retention.decide(number, approve=True, staff_id=two.id)
    with pytest.raises(RequestUnknown):
        retention.decide(number, approve=False, staff_id=two.id)
    with pytest.raises(RequestUnknown):
        retention.decide(999, approve=False, staff_id=two.id)
    assert run(worlds) == 1
    assert run(worlds) == 0
    assert worlds.get(PeopleService).email_of(person.id) is None
    assert worlds.get(ReceiptService).pdf(reference) == b""
    assert worlds.get(AuditLog).verify(worlds.get(ReceiptService).anchors()).problem is None


def test_a_refused_request_erases_nothing(world):
    person = told_a_lot(world)
    retention = world.get(RetentionService)
    number = retention.ask(person, [DataKind.CONTACT], "asked", "x", staff_id=world.member().id)
    assert [one.id for one in retention.requests(None)] == [number]
    assert retention.requests({"trust-b"}) == []
    assert retention.waiting(None) == 1
    assert retention.waiting(["trust-b"]) == 0
    retention.decide(number, approve=False, staff_id=world.member(Role.LEAD).id)
    assert run(world) == 0
    assert retention.requests(None) == []


def test_periods_run_from_a_milestone_that_two_people_declared(worlds):
    person = told_a_lot(worlds)
    retention, one, two = worlds.get(RetentionService), worlds.member(Role.LEAD), worlds.member(Role.LEAD)
    today = worlds.clock().date()
    with pytest.raises(DayInFuture):
        retention.declare("results_sent", today + timedelta(days=2), staff_id=one.id)
    retention.declare("results_sent", today, staff_id=one.id)
    (declared,) = retention.milestones()
    with pytest.raises(SecondPersonNeeded):
        retention.confirm(declared.id, staff_id=one.id)
    assert run(worlds) == 0
    retention.confirm(declared.id, staff_id=two.id)
    assert run(worlds) == 1
    assert run(worlds) == 0
    assert worlds.get(PeopleService).email_of(person.id) is None
    assert worlds.get(DemographicsService).answers(person.id) != {}


def test_ten_years_after_the_end_nothing_personal_is_left(world):
    person = told_a_lot(world)
    retention, one, two = world.get(RetentionService), world.member(Role.LEAD), world.member(Role.LEAD)
    for milestone in ("study_end", "results_sent"):
        retention.declare(milestone, date(2026, 11, 24), staff_id=one.id)
    for declared in retention.milestones():
        retention.confirm(declared.id, staff_id=two.id)
    run(world)
    assert world.get(DemographicsService).answers(person.id) != {}
    world.clock.forward(days=3653)
    run(world)
    database = world.get(Database)
    for kind in DataKind:
        sealed = database.personal.numbers(person.study_id, kind)
        assert len([gone for gone in database.personal.destroyed() if gone.kind is kind]) == len(sealed)
    assert run(world) == 0


def test_a_backup_from_before_is_cleaned_again(world):
    """The restored data knows nothing of the erasure; the keys' database does."""
    person = told_a_lot(world)
    world.get(Database).personal.destroy(person.study_id, DataKind.ANSWERS, world.clock())
    assert run(world) == 1
    (proof,) = world.get(ErasureService).of(person)
    assert proof.cause is Cause.RESTORED
    assert proof.removed["demographic_answer"] == 2
    assert run(world) == 0


def test_killed_between_key_and_record_it_is_finished_later(world, monkeypatch):
    person = told_a_lot(world)
    world.get(ConsentService).withdraw(person, "stop-remove")
    erasure = world.get(ErasureService)
    with monkeypatch.context() as patch:
        patch.setattr(erasure, "_record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run(world)
    assert world.get(DemographicsService).answers(person.id) == {}
    assert run(world) >= 1
    assert len(erasure.of(person)[0].keys) == 1


@pytest.fixture
def failing(monkeypatch):
    """Makes erasing of recordings fail within the block, for one participant or for all."""

    @contextmanager
    def failing(world, study_id=""):
        erasure = world.get(ErasureService)
        erase = erasure.erase

        def once(person, kind, cause, because):
            if kind is DataKind.RECORDINGS and study_id in ("", person.study_id):
                raise StorageUnavailable("the disk is full")
            return erase(person, kind, cause, because)

        with monkeypatch.context() as patch:
            patch.setattr(erasure, "erase", once)
            yield

    return failing


def test_what_failed_half_way_through_a_withdrawal_is_finished_later(worlds, failing):
    person = told_a_lot(worlds)
    worlds.get(ConsentService).withdraw(person, "stop-remove")
    with failing(worlds), pytest.raises(StorageUnavailable):
        run(worlds)
    assert [one.kind for one in worlds.get(ErasureService).of(person)] == [DataKind.ANSWERS]
    assert run(worlds) == 1
    assert [one.kind for one in worlds.get(ErasureService).of(person)] == [DataKind.ANSWERS, DataKind.RECORDINGS]
    assert run(worlds) == 0


def test_what_failed_half_way_through_a_request_is_finished_later(worlds, failing):
    person = told_a_lot(worlds)
    retention = worlds.get(RetentionService)
    kinds = (DataKind.ANSWERS, DataKind.RECORDINGS)
    number = retention.ask(person, kinds, "asked", "x", staff_id=worlds.member().id)
    retention.decide(number, approve=True, staff_id=worlds.member(Role.LEAD).id)
    with failing(worlds), pytest.raises(StorageUnavailable):
        run(worlds)
    assert run(worlds) == 1
    proofs = worlds.get(ErasureService).of(person)
    assert [(one.kind, one.because) for one in proofs] == [
        (kind, f"request:{number}") for kind in DataKind if kind in kinds
    ]
    assert run(worlds) == 0


def test_one_that_cannot_be_erased_holds_up_no_other(worlds, failing):
    first, second = told_a_lot(worlds), worlds.participant()
    worlds.consent(second)
    for person in (first, second):
        worlds.get(ConsentService).withdraw(person, "stop-remove")
    with failing(worlds, first.study_id), pytest.raises(StorageUnavailable):
        run(worlds)
    assert {one.kind for one in worlds.get(ErasureService).of(second)} == {DataKind.ANSWERS, DataKind.RECORDINGS}


def test_the_proofs_cannot_be_changed(worlds):
    person = told_a_lot(worlds)
    worlds.get(ConsentService).withdraw(person, "stop-remove")
    run(worlds)
    for act in ("UPDATE erasure SET outcome = 'too_late'", "DELETE FROM erasure"):
        with pytest.raises(Exception, match="only ever added to"), worlds.get(Database).transaction() as session:
            session.execute(text(act))


def test_the_database_lets_every_sealed_column_be_emptied(world):
    """Whatever feature adds one: its append-only trigger must leave it out."""
    with world.get(Database).engine.connect() as connection:
        triggers = dict(
            connection.execute(text("SELECT tbl_name, sql FROM sqlite_master WHERE name LIKE '%_no_update'")).all()
        )
    wrong = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, PersonalText | PersonalBytes)
        and re.search(rf"UPDATE OF [^B]*\b{column.name}\b.* ON {table.name}", triggers.get(table.name, ""))
    ]
    assert "consent" in triggers
    assert wrong == []


def test_erasing_how_to_reach_her_shuts_every_way_in(make_world, both):
    world = make_world(both, public_url="http://localhost:8080")
    client, invited = world.participant_client()
    person, key, device = invited.participant, f"participant:{invited.participant.id}", Authenticator()
    passkeys, people = world.get(PasskeyService), world.get(PeopleService)
    question = passkeys.ask_to_add(key, person.study_id)
    passkeys.add(key, device.create(question.options), question.challenge, actor=ACTOR, subject=person.subject)
    link = people.renew(person.id, actor=ACTOR).token
    world.get(ErasureService).erase(person, DataKind.CONTACT, Cause.REQUEST, "request:1")
    assert client.get("/home").address == "/sign-in"
    assert world.client().get(f"/invitation/{link}").status == 410
    asked = passkeys.ask()
    with pytest.raises(PasskeyRefused):
        passkeys.check(device.get(asked.options), asked.challenge)
    assert not passkeys.has_any(key)
