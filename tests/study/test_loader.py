"""A study file with errors: every problem in one go, with file, line and what to do; and nothing dangerous is read."""

import shutil
from datetime import timedelta

import pytest

from portal.settings import ROOT
from portal.study.errors import StudyFileError
from portal.study.lint import lint, without_errors
from portal.study.loader import load

BUNDLED, TEMPLATE = ROOT / "portal" / "study" / "vig", ROOT / "portal" / "study" / "template"


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(BUNDLED, tmp_path / "study")


def problems(folder):
    with pytest.raises(StudyFileError) as caught:
        load(folder)
    return [str(one) for one in caught.value.problems]


def change(folder, file, old, new):
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("study", [BUNDLED, TEMPLATE], ids=["bundled", "template"])
def test_what_we_ship_can_be_published_and_is_marked_draft(study):
    loaded = load(study)
    assert loaded.draft
    assert [str(one) for one in lint(loaded) if one.severity == "error"] == []


def test_every_problem_is_told_at_once_with_its_line(folder):
    change(folder, "study.yaml", "reading_time_hours: 0", "reading_time_hours: soon")
    change(folder, "carer/consent.yaml", "kind: mandatory", "kind: compulsory")
    (folder / "practitioner" / "privacy.md").unlink()
    told = problems(folder)
    line = 1 + (folder / "study.yaml").read_text(encoding="utf-8").split("reading_time_hours")[0].count("\n")
    assert any(one.startswith(f"study.yaml:{line}:") for one in told), told
    kind = 1 + (folder / "carer" / "consent.yaml").read_text(encoding="utf-8").split("kind: compulsory")[0].count("\n")
    assert any(one.startswith(f"carer/consent.yaml:{kind}:") for one in told), told
    assert "practitioner/privacy.md:1: error: this file is missing" in told


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("study.yaml", "iras_id:", "iras_idd:", "iras_id"),
        ("study.yaml", "languages: [en]", "languages: &all [en]\nmore: *all", "study.yaml"),
        ("study.yaml", "iras_id:", "title: Twice\niras_id:", "title"),
        ("study.yaml", "removable_days: 14", "removable_days: -1", "removable_days"),
        ("study.yaml", "ends_participation: true", "ends_participation: false", "changes nothing"),
        ("study.yaml", "- key: practitioner", "- key: ../../etc", "study.yaml"),
        ("study.yaml", "title:", "title: !!python/object/apply:os.system [id]\nother:", "study.yaml"),
        ("carer/information-sheet.md", "## In short {#summary}", "## In short", "key"),
        ("carer/information-sheet.md", "---\n", "", "front matter"),
        ("carer/questionnaire.yaml", "kind: single", "kind: text", "choices"),
    ],
)
def test_a_problem_says_what_to_do(folder, file, old, new, said):
    change(folder, file, old, new)
    assert any(said in one for one in problems(folder)), problems(folder)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"a: " + b"[" * 5000, b"x" * 3_000_000, b"", b"- a list", b"title: \x07"]
)
def test_a_file_that_is_none_is_refused(folder, content):
    (folder / "study.yaml").write_bytes(content)
    assert all(one.startswith("study.yaml:") for one in problems(folder))


def test_markdown_brings_no_markup_of_its_own(folder):
    from portal.study.markdown import to_html  # noqa: PLC0415 - only here

    made = to_html("<script>alert(1)</script> [x](javascript:alert(1)) ![i](https://elsewhere.example/i.png) **bold**")
    assert "<strong>bold</strong>" in made
    assert "<script" not in made
    assert "javascript:" not in made.split("<a")[-1].split(">")[0]
    assert "<img" not in made


def test_a_colour_that_nobody_can_read_on_is_an_error(folder):
    change(folder, "study.yaml", "#7a1f3d", "#f0c0d0")
    assert [one.what[:35] for one in lint(load(folder)) if one.severity == "error"] == [
        "the sponsor's colour #f0c0d0 is too"
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("study.yaml", "prefix: P", "prefix: C", "first letters of study IDs 'C'"),
        ("study.yaml", "key: stop-keep", "key: stop-remove", "level of withdrawal 'stop-remove'"),
        ("carer/comprehension.yaml", "key: reason", "key: tell", "choice of question 'stopping' 'tell'"),
        ("carer/questionnaire.yaml", "key: father", "key: mother", "choice of question 'relation' 'mother'"),
    ],
)
def test_two_of_one_key_are_an_error(folder, file, old, new, said):
    change(folder, file, old, new)
    with pytest.raises(StudyFileError) as refused:
        without_errors(load(folder))
    told = [one.what for one in refused.value.problems if said in one.what]
    assert told == [f"{said} is there twice: give each its own"]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("carer/consent.yaml", "version 0.1, 24 November 2026", "version 9.9, 24 November 2026", "first statement"),
        ("carer/comprehension.yaml", "section: voluntary", "section: nowhere", "not there"),
        ("carer/comprehension.yaml", "answer: free", "answer: other", "none of its choices"),
        ("carer/information-sheet.md", "{#summary}", "{#other}", "must be the summary"),
        ("study.yaml", "last_checked: 2026-11-24", "last_checked: 2020-01-01", "check it again"),
        (
            "carer/privacy.md",
            "## In short {#summary}\n",
            "## In short {#summary}\n\nAsk the XYZ.\n",
            "XYZ is not spelt out",
        ),
    ],
)
def test_the_linter_finds_it(folder, file, old, new, said):
    change(folder, file, old, new)
    assert [one for one in lint(load(folder)) if said in one.what]


def test_signposts_are_to_be_checked_again_after_half_a_year(folder):
    study = load(folder)
    checked = study.signposts[0].last_checked
    assert [one for one in lint(study, checked + timedelta(days=183)) if "check it again" in one.what] == []
    assert len([one for one in lint(study, checked + timedelta(days=184)) if "check it again" in one.what]) == len(
        study.signposts
    )


def test_hard_words_are_told_of_a_mother_s_sheet(folder):
    hard = (
        "Notwithstanding the aforementioned considerations, participation necessitates comprehensive understanding. "
        * 40
    )
    change(folder, "carer/debrief.md", "## Thank you {#summary}\n", f"## Thank you {{#summary}}\n\n{hard}\n")
    assert [one for one in lint(load(folder)) if one.file == "carer/debrief.md" and "hard to read" in one.what]
