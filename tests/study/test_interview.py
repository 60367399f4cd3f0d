"""The interview's part of a study: topic guide, distress protocol, how the room is run."""

import shutil
from datetime import date

import pytest

from portal.settings import ROOT
from portal.study.errors import StudyFileError
from portal.study.lint import lint
from portal.study.loader import load

BUNDLED = ROOT / "portal" / "study" / "vig"
A_DAY = date(2026, 11, 24)


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(BUNDLED, tmp_path / "study")


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("group", ["carer", "practitioner"])
def test_the_bundled_study_has_guide_and_protocol_as_drafts(group):
    study = load(BUNDLED)
    documents = study.documents[group]
    assert documents.topic_guide.minutes == 60
    assert {documents.topic_guide.status, documents.distress_protocol.status} == {"draft"}
    assert study.interview_room.opens_minutes_before == 30


def test_both_may_be_left_out_and_the_linter_says_so(folder):
    (folder / "carer" / "topic-guide.yaml").unlink()
    (folder / "carer" / "distress-protocol.md").unlink()
    study = load(folder)
    assert study.documents["carer"].topic_guide is None
    assert study.documents["practitioner"].topic_guide is not None
    assert {one.file for one in lint(study, A_DAY)} == {"carer/topic-guide.yaml", "carer/distress-protocol.md"}


def test_a_question_to_be_answered_by_yes_is_warned_of(folder):
    change(folder / "carer" / "topic-guide.yaml", "What went through your mind", "Did you like it")
    assert ["'deciding' can be answered by yes or no" in one.what for one in lint(load(folder), A_DAY)] == [True]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("key: deciding", "key: opening", "used twice"),
        ("minutes: 5", "minutes: 500", "less than or equal to 120"),
        ("question: Thank you", "questoin: Thank you", "questoin is not known here"),
        ("title: Welcome", "title: ''", "at least 1 character"),
    ],
)
def test_a_mistake_in_the_guide_is_told_with_its_line(folder, old, new, said):
    change(folder / "carer" / "topic-guide.yaml", old, new)
    with pytest.raises(StudyFileError) as error:
        load(folder)
    problems = [one for one in error.value.problems if said in one.what]
    assert problems
    assert all(one.file == "carer/topic-guide.yaml" and one.line > 1 for one in problems)


def test_a_misspelt_room_setting_is_refused(folder):
    change(folder / "study.yaml", "relay_only: false", "relay_onyl: false")
    with pytest.raises(StudyFileError, match="relay_onyl"):
        load(folder)
