import threading

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from portal.consent.domain import Signature, Standing, StatementAnswer
from portal.consent.errors import FormChanged, MandatoryRefused, NotReady, TooSoon
from portal.consent.service import ConsentService
from portal.consent.store import AnswerRow, ConsentRow
from portal.db.engine import Database
from portal.study.service import StudyBook


def count(world, table):
    with world.get(Database).reading() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_it_is_recorded_whole(worlds):
    person = worlds.participant()
    reference = worlds.consent(person)
    state = worlds.get(ConsentService).state(person)
    assert state.standing is Standing.GIVEN
    assert state.given.reference == reference
    assert state.effects == {"recording", "quotes", "summary_of_results", "future_contact"}
    assert count(worlds, AnswerRow) == 10


def test_twice_is_once(worlds):
    person = worlds.participant()
    first = worlds.consent(person)
    _, form = worlds.get(ConsentService).form(person)
    assert worlds.get(ConsentService).give(person, form.content_hash, Signature("Again")) == first
    assert count(worlds, ConsentRow) == 1


def test_many_taps_at_once_are_one_consent(worlds):
    person = worlds.participant()
    worlds.answers(person)
    consents, found = worlds.get(ConsentService), []
    _, form = consents.form(person)

    def tap():
        found.append(consents.give(person, form.content_hash, Signature("Invented Person")))

    threads = [threading.Thread(target=tap) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(found)) == 1
    assert count(worlds, ConsentRow) == 1


def test_a_refused_optional_statement_takes_its_effect_away(world):
    person = world.participant()
    world.answers(person, recording=False)
    _, form = world.get(ConsentService).form(person)
    world.get(ConsentService).give(person, form.content_hash, Signature("Invented Person"))
    assert "recording" not in world.get(ConsentService).state(person).effects


def test_a_refused_mandatory_statement_records_nothing(world):
    person = world.participant()
    world.answers(person, voluntary=False)
    _, form = world.get(ConsentService).form(person)
    with pytest.raises(MandatoryRefused):
        world.get(ConsentService).give(person, form.content_hash, Signature("Invented Person"))
    assert count(world, ConsentRow) == 0


def test_a_missing_answer_records_nothing(world):
    person = world.participant()
    _, form = world.get(ConsentService).form(person)
    world.get(ConsentService).answer(person, form.content_hash, {"voluntary": StatementAnswer(True, "IP")})
    with pytest.raises(NotReady):
        world.get(ConsentService).give(person, form.content_hash, Signature("Invented Person"))


def test_consent_comes_after_reading(world):
    person = world.invite().participant
    world.answers(person)
    _, form = world.get(ConsentService).form(person)
    with pytest.raises(TooSoon):
        world.get(ConsentService).give(person, form.content_hash, Signature("Invented Person"))


def test_the_reading_time_of_the_committee_is_kept(world):
    book = world.get(StudyBook)
    book.publish(book.current().study.model_copy(update={"reading_time_hours": 24}))
    person = world.participant()
    world.answers(person)
    _, form = world.get(ConsentService).form(person)
    give = world.get(ConsentService).give
    with pytest.raises(TooSoon):
        give(person, form.content_hash, Signature("Invented Person"))
    world.clock.forward(hours=24)
    assert give(person, form.content_hash, Signature("Invented Person")).startswith("C-")


def test_a_form_published_meanwhile_is_not_signed_unseen(world):
    person = world.participant()
    world.answers(person)
    with pytest.raises(FormChanged):
        world.get(ConsentService).give(person, "0" * 64, Signature("Invented Person"))


@pytest.mark.parametrize("name", ["O’Brien-Łukasz", "ליאת", "أمينة", "王小明", "अनन्या", "X" * 200, "é" * 3])
def test_names_in_any_script_are_kept_as_typed(world, name):
    person = world.participant()
    world.consent(person, name)
    with world.get(Database).reading() as session:
        assert session.scalars(select(ConsentRow)).one().name == name


def test_the_database_refuses_to_change_or_remove_a_consent(worlds):
    worlds.consent(worlds.participant())
    for statement in (
        "UPDATE consent SET form_hash = 'x'",
        "DELETE FROM consent",
        "UPDATE consent_answer SET agreed = false",
    ):
        with pytest.raises(DBAPIError, match="only ever added"), worlds.get(Database).transaction() as session:
            session.execute(text(statement))
