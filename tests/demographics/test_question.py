import pytest
from sqlalchemy import func, select

from portal.db.engine import Database
from portal.demographics.domain import Value, ValueRefused
from portal.demographics.errors import Closed
from portal.demographics.service import DemographicsService
from portal.demographics.store import DemographicAnswerRow


@pytest.fixture
def consented(worlds):
    person = worlds.participant()
    worlds.consent(person)
    return worlds, person


def test_the_newest_answer_counts_and_older_ones_stay(consented):
    world, person = consented
    answer = world.get(DemographicsService).answer
    answer(person, "age", Value(("25-to-29",)))
    answer(person, "age", Value(("30-to-34",)))
    answer(person, "age", Value(("30-to-34",)))
    assert world.get(DemographicsService).answers(person.id)["age"].given == ("30-to-34",)
    with world.get(Database).reading() as session:
        assert session.scalar(select(func.count()).select_from(DemographicAnswerRow)) == 2


def test_every_question_can_be_declined(consented):
    world, person = consented
    demographics = world.get(DemographicsService)
    for question in demographics.questionnaire(person).questions:
        demographics.answer(person, question.key, Value(declined=True))
    assert all(one.declined for one in demographics.answers(person.id).values())


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("age", ("no-such",)),
        ("age", ("25-to-29", "30-to-34")),
        ("age", ()),
        ("children", ("-1",)),
        ("children", ("21",)),
        ("children", ("²",)),
        ("children", ("1" * 400,)),
        ("needs", ("",)),
        ("needs", ("x" * 501,)),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(world, key, given):
    person = world.participant()
    world.consent(person)
    with pytest.raises(ValueRefused):
        world.get(DemographicsService).answer(person, key, Value(given))


def test_nothing_is_asked_before_consent(world):
    with pytest.raises(Closed):
        world.get(DemographicsService).answer(world.participant(), "age", Value(("25-to-29",)))


def test_changes_end_at_the_study_s_cutoff(world):
    person = world.participant()
    world.consent(person)
    world.clock.forward(days=14)
    with pytest.raises(Closed):
        world.get(DemographicsService).answer(person, "age", Value(("25-to-29",)))


@pytest.mark.parametrize("group", ["carer", "practitioner"])
def test_through_the_pages(world, group):
    client, invited = world.participant_client(group)
    client.get("/information")
    world.consent(invited.participant)
    demographics = world.get(DemographicsService)
    questions = {one.key: one for one in demographics.questionnaire(invited.participant).questions}
    page = client.get(f"/about-you/{next(iter(questions))}")
    empty = client.submit(page, {})
    assert "Prefer not to say" in empty.text
    assert empty.title.startswith("Error:")
    while page.address.startswith("/about-you/"):
        one = questions[page.address.rsplit("/", 1)[1]]
        fields = {"answer": one.choices[0].key} if one.choices else {"declined": "y"}
        page = client.submit(page, fields)
    assert "Thank you. That is all we ask." in page.text
    assert len(demographics.answers(invited.participant.id)) == len(questions)
