"""What she asked to be removed goes first: what she answers meanwhile would go with it, so nothing is taken."""

import sqlite3
import time
from contextlib import closing

import pytest

from portal.consent.domain import Signature, Standing, StatementAnswer
from portal.consent.errors import ErasureWaits
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.db.kinds import DataKind
from portal.demographics import errors as demographics_errors
from portal.demographics.domain import Value
from portal.demographics.service import DemographicsService
from portal.erasure.domain import Cause
from portal.erasure.duty import ErasureDuty
from portal.erasure.retention import RetentionService
from portal.erasure.service import ErasureService
from portal.study.service import StudyBook
from portal.team.domain import Role

AGE = Value(("25-to-29",))


def stopped(world, level="stop-remove"):
    person = world.participant()
    world.consent(person)
    world.get(DemographicsService).answer(person, "age", AGE)
    world.clock.forward(minutes=1)
    world.get(ConsentService).withdraw(person, level)
    return person


def test_consent_waits_until_the_erasure_has_run_and_then_keeps_what_she_answers(worlds):
    person, consents = stopped(worlds), worlds.get(ConsentService)
    _, form = consents.form(person)
    given = {one.key: StatementAnswer(True, "IP") for one in form.statements}
    with pytest.raises(ErasureWaits):
        consents.answer(person, form.content_hash, given)
    with pytest.raises(ErasureWaits):
        consents.give(person, form.content_hash, Signature("Invented Person"))
    assert consents.state(person).standing is Standing.WITHDRAWN
    worlds.get(ErasureDuty).run()
    worlds.consent(person)
    worlds.get(DemographicsService).answer(person, "age", AGE)
    worlds.get(ErasureDuty).run()
    assert worlds.get(DemographicsService).answers(person.id) == {"age": AGE}


def test_who_removes_nothing_waits_for_nothing(world):
    person = stopped(world, "stop-keep")
    world.consent(person)
    assert world.get(ConsentService).state(person).stands


def test_nobody_else_waits(world):
    stopped(world)
    other = world.participant()
    world.consent(other)
    world.get(DemographicsService).answer(other, "age", AGE)
    assert world.get(ConsentService).state(other).stands
    assert world.get(DemographicsService).answers(other.id) == {"age": AGE}


def test_an_erasure_that_was_cut_off_still_holds(worlds):
    person = stopped(worlds)
    reference = worlds.get(ConsentService).state(person).withdrawals[-1].reference
    worlds.get(ErasureService).erase(person, DataKind.ANSWERS, Cause.WITHDRAWAL, reference)
    assert worlds.get(ConsentService).held(person)  # the recordings are still there
    worlds.get(ErasureDuty).run()
    assert not worlds.get(ConsentService).held(person)


def test_an_approved_request_holds_and_an_open_one_does_not(worlds):
    person, retention = worlds.participant(), worlds.get(RetentionService)
    worlds.consent(person)
    number = retention.ask(person, [DataKind.ANSWERS], "asked", "x", staff_id=worlds.member().id)
    answer = worlds.get(DemographicsService).answer
    answer(person, "age", AGE)
    retention.decide(number, approve=True, staff_id=worlds.member(Role.LEAD).id)
    with pytest.raises(demographics_errors.ErasureWaits):
        answer(person, "age", Value(declined=True))
    worlds.get(ErasureDuty).run()
    answer(person, "age", Value(declined=True))
    worlds.get(ErasureDuty).run()
    assert worlds.get(DemographicsService).answers(person.id) == {"age": Value(declined=True)}


def test_a_backup_that_brought_back_what_was_erased_holds_even_after_an_earlier_erasure(world):
    """The first erasure's proof is in the backup; of the second only the destroyed key tells."""
    person = stopped(world)
    world.get(ErasureDuty).run()
    world.consent(person)
    world.get(DemographicsService).answer(person, "age", AGE)
    world.get(Database).personal.destroy(person.study_id, DataKind.ANSWERS, world.clock())
    assert world.get(ConsentService).held(person)
    assert world.get(ErasureDuty).run() == 1
    assert world.get(ErasureService).of(person)[-1].cause is Cause.RESTORED
    assert not world.get(ConsentService).held(person)


def test_to_ask_holds_up_nothing_and_waits_for_no_other_writer(world):
    """Every answer asks: it must not need the keys' only write lock, which a rotation or a crowd may hold."""
    person, keys = stopped(world), world.get(Database).personal
    world.get(ErasureDuty).run()
    with closing(sqlite3.connect(world.settings.instance / "keys" / "personal.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert not world.get(ConsentService).held(person)
        assert time.monotonic() - began < 5
        other.rollback()
    assert {one.owner for one in keys.destroyed(person.study_id)} == {person.study_id}
    assert keys.destroyed("C-9999") == []


def test_an_erasure_that_ends_while_it_is_looked_for_holds_nothing(world, monkeypatch):
    person, keys = world.participant(), world.get(Database).personal
    world.consent(person)
    world.get(DemographicsService).answer(person, "age", AGE)
    looked = keys.destroyed

    def meanwhile(*of):
        found = looked(*of)
        monkeypatch.undo()
        world.get(ErasureService).erase(person, DataKind.ANSWERS, Cause.REQUEST, "request:1")
        return found

    keys.destroy(person.study_id, DataKind.ANSWERS, world.clock())
    monkeypatch.setattr(keys, "destroyed", meanwhile)
    assert not world.get(ConsentService).held(person)


def test_the_pages_say_so(world):
    client, invited = world.participant_client()
    client.get("/information")
    world.consent(invited.participant)
    client.submit(client.get("/withdraw/stop-remove"), {})
    page = client.get("/consent")
    assert page.heading == "Please wait a little"
    assert "We are still removing what you told us before" in page.text
    key = world.get(StudyBook).current().study.documents["carer"].consent.statements[0].key
    told = client.submit(client.get(f"/consent/statement/{key}"), {"agreed": "yes", "initials": "IP"})
    assert (told.status, told.heading) == (409, "Please wait a little")
    world.get(ErasureDuty).run()
    assert "You have stopped taking part" in client.get("/consent").text


def test_the_page_of_a_question_says_so(world):
    client, invited = world.participant_client()
    client.get("/information")
    world.consent(invited.participant)
    retention = world.get(RetentionService)
    number = retention.ask(invited.participant, [DataKind.ANSWERS], "asked", "x", staff_id=world.member().id)
    retention.decide(number, approve=True, staff_id=world.member(Role.LEAD).id)
    told = client.submit(client.get("/about-you/age"), {"answer": "25-to-29"})
    assert (told.status, told.heading) == (409, "Please wait a little")
    assert "take part again" not in told.text  # she never stopped
    assert "/about-you/age" in told.links()


def test_whoever_decides_a_request_sees_that_she_consented_since(world):
    person, lead = world.participant(), world.member(Role.LEAD)
    world.consent(person)
    world.get(RetentionService).ask(person, [DataKind.ANSWERS], "asked", "x", staff_id=world.member().id)
    client, words = world.sign_in(lead), "The participant has consented after this was asked"
    assert words not in client.get("/workspace/retention").text
    world.clock.forward(minutes=1)
    world.get(ConsentService).withdraw(person, "stop-keep")
    world.consent(person)
    assert words in client.get("/workspace/retention").text


def test_nobody_approves_before_the_page_has_said_that_she_consented_since(world):
    """Her new consent came while the page was open: what it says would go with it, unseen."""
    person, lead, retention = world.participant(), world.member(Role.LEAD), world.get(RetentionService)
    world.consent(person)
    retention.ask(person, [DataKind.ANSWERS], "asked", "x", staff_id=world.member().id)
    client = world.sign_in(lead)
    page = client.get("/workspace/retention")
    world.clock.forward(minutes=1)
    world.get(ConsentService).withdraw(person, "stop-keep")
    world.consent(person)
    told = client.submit(page, {}, form=0)
    assert "The participant has consented since you opened this page." in told.text
    assert retention.approved() == []
    client.submit(told, {}, form=0)
    assert len(retention.approved()) == 1
