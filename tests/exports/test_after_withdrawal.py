"""What the data says of people who withdrew, before and after the erasure was carried out."""

import csv
import io
import zipfile

import pytest

from portal.consent.service import ConsentService
from portal.demographics.domain import Value
from portal.demographics.service import DemographicsService
from portal.erasure.duty import ErasureDuty
from portal.exports.domain import ExportKind
from portal.exports.service import ExportService, Wish
from portal.study.service import StudyBook
from portal.team.domain import Role


@pytest.fixture
def lead(worlds):
    return worlds.member(Role.LEAD)


@pytest.fixture
def answered(worlds):
    person = worlds.participant()
    worlds.consent(person)
    worlds.get(DemographicsService).answer(person, "relation", Value(("mother",)))
    return person


def row(world, lead):
    wish = Wish(ExportKind.DATA, "analysis", "for the first paper", lead.id)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(world.get(ExportService).start(wish, None))))
    (found,) = csv.DictReader(io.StringIO(archive.read("participants.csv").decode("utf-8-sig")))
    return found


def said(found):
    return found["status"], found["relation"], found["statement_carer_quotes"]


def test_in_time_it_is_out_at_once_and_stays_out(worlds, lead, answered):
    worlds.get(ConsentService).withdraw(answered, "stop-remove")
    assert said(row(worlds, lead)) == ("withdrawn_removed", "", "")
    worlds.get(ErasureDuty).run()
    assert said(row(worlds, lead)) == ("withdrawn_removed", "", "")


def test_too_late_it_stays_in_the_data_as_she_was_told(worlds, lead, answered):
    worlds.clock.forward(days=15)
    worlds.get(ConsentService).withdraw(answered, "stop-remove")
    assert said(row(worlds, lead)) == ("withdrawn_removed", "", "")  # nobody has looked yet whether it was in time
    worlds.get(ErasureDuty).run()
    assert said(row(worlds, lead)) == ("withdrawn_kept", "mother", "1")


def test_who_has_something_removed_and_goes_on(worlds, lead, answered):
    book = worlds.get(StudyBook)
    study = book.current().study
    levels = [
        one.model_copy(update={"ends_participation": False}) if one.key == "stop-remove" else one
        for one in study.withdrawal.levels
    ]
    withdrawal = study.withdrawal.model_copy(update={"levels": tuple(levels)})
    book.publish(study.model_copy(update={"withdrawal": withdrawal}))
    worlds.get(ConsentService).withdraw(answered, "stop-remove")
    assert said(row(worlds, lead)) == ("consented", "", "")
    worlds.get(ErasureDuty).run()
    worlds.get(DemographicsService).answer(answered, "relation", Value(("father",)))
    assert said(row(worlds, lead)) == ("consented", "father", "1")
