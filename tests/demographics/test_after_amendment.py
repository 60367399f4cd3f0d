"""Questions that a new version takes out, adds or turns into others."""

import io
import zipfile

import pytest

from portal.consent.readings import Readings
from portal.demographics.domain import Value
from portal.demographics.errors import Closed
from portal.demographics.service import DemographicsService
from portal.own_copy.service import OwnCopyService
from portal.own_copy.words import told
from portal.people.service import PeopleService
from portal.study.service import StudyBook
from portal.workspace.domain import Step
from portal.workspace.service import Overview
from tests.support.world import ACTOR


def with_questions(world, *questions):
    """Publish carers' questions anew. The consent form stays, so nobody consents anew."""
    book = world.get(StudyBook)
    study = book.current().study
    documents = study.documents["carer"]
    form = documents.questionnaire.model_copy(update={"questions": questions, "version": "0.9"})
    documents = documents.model_copy(update={"questionnaire": form})
    recruitment = study.recruitment.model_copy(update={"sampling": ()})
    book.publish(
        study.model_copy(update={"documents": {**study.documents, "carer": documents}, "recruitment": recruitment})
    )


@pytest.fixture
def asked(worlds):
    """A carer who has answered everything, and the questions; then the first two are two others."""
    client, invited = worlds.participant_client()
    person = invited.participant
    sheet = worlds.get(StudyBook).current().study.documents["carer"].information_sheet
    worlds.get(Readings).note(person, sheet.content_hash)
    worlds.consent(person)
    demographics = worlds.get(DemographicsService)
    questions = demographics.questionnaire(person).questions
    for one in questions:
        given = {"single": ("other",), "multiple": ("urdu",), "text": ("A ramp.",)}.get(one.kind, ("2",))
        if one.kind == "single" and "other" not in [choice.key for choice in one.choices]:
            given = (one.choices[0].key,)
        demographics.answer(person, one.key, Value(given))
    fresh = [questions[1].model_copy(update={"key": "brand-new", "label": "What is new?"})]
    number = next(one for one in questions if one.kind == "number")
    turned = number.model_copy(update={"kind": "single", "choices": questions[1].choices, "minimum": None})
    kept = [turned if one.key == number.key else one for one in questions[2:]]
    with_questions(worlds, *fresh, *kept, fresh[0].model_copy(update={"key": "newer-still", "label": "And newer?"}))
    return worlds, client, person, questions, turned


def test_what_is_new_is_asked_although_as_many_were_answered(asked):
    world, client, person, questions, turned = asked
    assert len(world.get(DemographicsService).answers(person.id)) == len(questions)
    page = client.get("/about-you")
    assert "Continue" in page.text
    assert "That is all we ask" not in page.text
    assert world.get(Overview).step(person) is not Step.READY
    demographics = world.get(DemographicsService)
    for key in ("brand-new", "newer-still", turned.key):
        assert client.get(f"/about-you/{key}").status == 200
        demographics.answer(person, key, Value(("other",)))
    assert "That is all we ask" in client.get("/about-you").text


def test_home_page_and_desk_say_that_something_is_left(asked):
    world, client, person, questions, turned = asked
    assert world.get(DemographicsService).standing(person).keys() == {
        one.key for one in questions[2:] if one.key != turned.key
    }
    home = client.get("/home").text
    for key in ("brand-new", "newer-still", turned.key):
        world.get(DemographicsService).answer(person, key, Value(declined=True))
    assert client.get("/home").text != home


def test_her_copy_holds_what_she_answered_in_the_words_that_she_read(asked):
    world, _, person, questions, _ = asked
    with world.app.test_request_context():
        made = world.get(OwnCopyService).make(person, actor=ACTOR, for_whom="herself", tell=told)
    page = zipfile.ZipFile(io.BytesIO(made)).read("your-data.html").decode()
    for one in questions:
        assert one.label.replace("'", "&#39;") in page
    assert "Another carer" in page


def test_what_is_new_stays_open_as_long_as_the_others_did(world):
    person, demographics = world.participant(), world.get(DemographicsService)
    world.consent(person)
    questions = demographics.questionnaire(person).questions
    demographics.answer(person, "age", Value(declined=True))
    world.clock.forward(days=20)
    with pytest.raises(Closed):
        demographics.answer(person, "age", Value(("25-to-29",)))
    assert demographics.left(person) == []
    client = world.client()
    client.submit(client.get(f"/invitation/{world.get(PeopleService).renew(person.id, actor=ACTOR).token}"), {})
    assert "That is all we ask" in client.get("/about-you").text
    fresh = questions[1].model_copy(update={"key": "brand-new"})
    with_questions(world, *questions, fresh)
    assert demographics.left(person) == [fresh]
    assert "/about-you/brand-new" in client.get("/about-you").links()
    with pytest.raises(Closed):
        demographics.answer(person, "age", Value(("25-to-29",)))
    world.clock.forward(days=13)
    demographics.answer(person, "brand-new", Value(("other",)))
    world.clock.forward(days=1)
    with pytest.raises(Closed):
        demographics.answer(person, "brand-new", Value(("mother",)))
