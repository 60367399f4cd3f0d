import pytest

from portal.consent.domain import Signature, Standing, StatementAnswer
from portal.consent.service import ConsentService
from portal.demographics.domain import Value
from portal.demographics.errors import Closed
from portal.demographics.service import DemographicsService
from portal.study.service import StudyBook


@pytest.fixture
def changed(worlds):
    """Somebody consented; then one statement was changed and published."""
    person = worlds.participant()
    worlds.consent(person)
    book = worlds.get(StudyBook)
    study = book.current().study
    documents = study.documents["carer"]
    statements = tuple(
        one.model_copy(update={"text": "I agree that my interview is filmed."}) if one.key == "recording" else one
        for one in documents.consent.statements
    )
    form = documents.consent.model_copy(update={"version": "0.2", "statements": statements})
    new = {**study.documents, "carer": documents.model_copy(update={"consent": form})}
    worlds.clock.forward(hours=1)
    book.publish(study.model_copy(update={"documents": new}))
    return worlds, person


def test_what_depends_on_consent_waits(changed):
    world, person = changed
    state = world.get(ConsentService).state(person)
    assert state.standing is Standing.OUTDATED
    assert state.effects == frozenset()
    with pytest.raises(Closed):
        world.get(DemographicsService).answer(person, "age", Value(("25-to-29",)))


def test_only_the_changed_statement_is_asked_anew(changed):
    world, person = changed
    consents = world.get(ConsentService)
    assert [(one.statement.key, one.before) for one in consents.changes(person)] == [
        ("recording", "I agree that my interview is recorded.")
    ]
    _, form = consents.form(person)
    assert [one.key for one in form.statements if one.key not in consents.draft(person)] == ["recording"]
    consents.answer(person, form.content_hash, {"recording": StatementAnswer(False, "IP")})
    consents.give(person, form.content_hash, Signature("Invented Person"))
    state = consents.state(person)
    assert state.stands
    assert "recording" not in state.effects


def test_the_same_study_published_again_changes_nothing(world):
    person = world.participant()
    world.consent(person)
    book = world.get(StudyBook)
    before = book.current().content_hash
    assert book.publish(book.current().study).content_hash == before
    assert world.get(ConsentService).state(person).stands
