"""What a later version of the study took out is still in the exports: a real amendment, from files to tables."""

import csv
import io
import json
import shutil
import subprocess
import sys
import zipfile

import pytest
import yaml

from portal.amendments.service import AmendmentService
from portal.consent.sealing import Sealing
from portal.consent.service import ConsentService
from portal.demographics.domain import Value
from portal.demographics.service import DemographicsService
from portal.exports.columns import variables
from portal.exports.domain import DECLINED, ExportKind
from portal.exports.editions import editions
from portal.exports.service import ExportService, Wish
from portal.settings import ROOT
from portal.study.loader import load
from portal.study.service import StudyBook
from portal.team.domain import Role
from tests.support.world import ACTOR

CARER = "carer/questionnaire.yaml"


def changed(path, change):
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")


def of_key(parts, key):
    return next(one for one in parts if one["key"] == key)


def questions_anew(form):
    form["version"] = "0.2"
    form["questions"] = [one for one in form["questions"] if one["key"] != "relation"]
    of_key(form["questions"], "age")["choices"].pop(0)  # under-20
    languages = of_key(form["questions"], "languages")
    languages["label"] = "Which languages are spoken where you live?"
    languages["choices"] = [one for one in languages["choices"] if one["key"] != "english"]
    languages["choices"].append({"key": "welsh", "text": "Welsh"})
    children = of_key(form["questions"], "children")
    children.update(kind="text", label="Tell us about the children you care for.")
    del children["minimum"], children["maximum"]


def statements_anew(form):
    form["version"] = "0.2"
    form["statements"] = [one for one in form["statements"] if one["key"] not in ("quotes", "inspection")]


def study_anew(study):
    study["withdrawal"]["levels"] = [one for one in study["withdrawal"]["levels"] if one["key"] != "stop-keep"]
    study["recruitment"]["sampling"] = [one for one in study["recruitment"]["sampling"] if one != "relation"]


@pytest.fixture
def amended(tmp_path):
    """The bundled study without a question, an answer, a statement, an effect and a level of withdrawal."""
    folder = shutil.copytree(ROOT / "portal" / "study" / "vig", tmp_path / "amended")
    changed(folder / CARER, questions_anew)
    changed(folder / "carer" / "consent.yaml", statements_anew)
    changed(folder / "practitioner" / "consent.yaml", statements_anew)
    changed(folder / "study.yaml", study_anew)
    return load(folder)


@pytest.fixture
def lead(worlds):
    return worlds.member(Role.LEAD)


def publish(world, study, lead):
    amendments = world.get(AmendmentService)
    number = amendments.draft(study, "Fewer questions.", actor=ACTOR)
    for member in (lead, world.member()):
        amendments.approve(number, member)
    return amendments.publish(number, actor=ACTOR)


def answer(world, person, **given):
    for key, value in given.items():
        world.get(DemographicsService).answer(person, key, value)


@pytest.fixture
def people(worlds, amended, lead):
    """One who answered before and after, one before only, one after only, and one who withdrew by the old level."""
    both, before, gone = (worlds.participant() for _ in range(3))
    first = {
        "age": Value(("under-20",)), "relation": Value(("mother",)), "languages": Value(("english", "urdu")),
        "children": Value(("3",)),
    }  # fmt: skip
    for person in (both, before, gone):
        worlds.sealed(person)
        answer(worlds, person, **first)
    worlds.get(ConsentService).withdraw(gone, "stop-keep")
    publish(worlds, amended, lead)
    after = worlds.participant()
    for person in (both, after):
        worlds.sealed(person)
        answer(worlds, person, languages=Value(("welsh",)), children=Value(("Three, and one on the way",)))
    return both, before, gone, after


def members(world, lead, kind=ExportKind.DATA):
    wish = Wish(kind, "analysis", "for the first paper", lead.id)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(world.get(ExportService).start(wish, None))))
    return {name: archive.read(name) for name in archive.namelist()}


def table(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def by(name, content):
    return {one[name]: one for one in table(content)}


def test_every_answer_is_in_the_table_and_in_json(worlds, lead, people):
    files = members(worlds, lead)
    both, before, gone, after = table(files["participants.csv"])
    # The question that was taken out.
    assert [one["relation"] for one in (both, before, gone, after)] == ["mother", "mother", "mother", ""]
    # The answer that was taken out.
    assert [one["age"] for one in (both, before, gone, after)] == ["under-20", "under-20", "under-20", ""]
    # Of several: what was not offered is not a no.
    assert [before[f"languages___{one}"] for one in ("english", "urdu", "polish", "welsh")] == ["1", "1", "0", ""]
    assert [both[f"languages___{one}"] for one in ("english", "urdu", "polish", "welsh")] == ["", "0", "0", "1"]
    # The question of another kind under the old key.
    assert (before["children"], before["carer_children"]) == ("3", "")
    assert (both["children"], both["carer_children"]) == ("", "Three, and one on the way")
    assert [one["questionnaire_version"] for one in (both, before, after)] == ["0.1; 0.2", "0.1", "0.2"]
    # The statements that were taken out, one mandatory and one with an effect that nothing else allows.
    for name in ("statement_carer_quotes", "statement_carer_inspection"):
        assert [one[name] for one in (both, before, gone, after)] == ["1", "1", "1", ""]
    assert "agrees_quotes" in before
    # The level that was taken out, and who has the new form before her.
    assert (gone["status"], gone["withdrawal_level"]) == ("withdrawn_kept", "stop-keep")
    assert (before["status"], both["status"]) == ("reconsent", "consented")
    known = json.loads(files["participants.json"])
    assert [one.get("relation") for one in known["participants"]] == ["mother", "mother", "mother", None]
    assert known["about"]["versions"]["2"] == worlds.get(StudyBook).current().content_hash
    cells = {(one["column"], one["value"]): one["people"] for one in table(files["small-cells.csv"])}
    assert cells["relation", "mother"] == "3"


def test_the_dictionary_tells_which_versions_asked(worlds, lead, people):
    files = members(worlds, lead)
    named = by("variable", files["data-dictionary.csv"])
    assert list(named) == list(table(files["participants.csv"])[0])
    asked = ("relation", "age", "children", "carer_children", "languages___english", "languages___welsh", "study_id")
    assert [named[one]["versions"] for one in asked] == ["1", "1, 2", "1", "2", "1", "2", ""]
    assert "mother = Mother" in named["relation"]["values"]
    assert "under-20 = Under 20 (in version 1)" in named["age"]["values"]
    assert named["languages___english"]["note"] == (
        "In version 1 it read: Which languages do you speak at home?"
    )  # fmt: skip
    assert named["languages___english"]["label"].startswith("Which languages are spoken where you live?: English")
    assert named["statement_carer_quotes"]["versions"] == "1"
    assert named["agrees_quotes"]["versions"] == "1"
    assert (
        "stop-keep = I want to stop, and you may keep what I have told you (in version 1)"
        in (named["withdrawal_level"]["values"])
    )
    published = table(files["versions.csv"])
    assert [(one["version"], one["group"], one["questionnaire_version"]) for one in published] == [
        ("1", "carer", "0.1"), ("1", "practitioner", "0.1"), ("2", "carer", "0.2"), ("2", "practitioner", "0.1"),
    ]  # fmt: skip
    codebook = files["codebook.html"].decode()
    assert "Under 20 (in version 1)" in codebook
    assert "Asked in version 1." in codebook


def test_redcap_offers_what_was_ever_answered(worlds, lead, people):
    rows = by("Variable / Field Name", members(worlds, lead)["redcap-data-dictionary.csv"])
    choices = "Choices, Calculations, OR Slider Labels"
    assert "under-20, Under 20 (in version 1)" in rows["age"][choices]
    assert rows["relation"]["Field Type"] == "radio"
    codes = [one.partition(", ")[0] for one in rows["languages"][choices].split(" | ")]
    assert {"english", "welsh", "pnts"} <= set(codes)
    assert rows["children"]["Text Validation Type OR Show Slider Number"] == "integer"
    assert (rows["children"]["Text Validation Min"], rows["children"]["Text Validation Max"]) == ("0", "20")


def test_register_and_site_file_are_whole(worlds, lead, people, tmp_path):
    reference = worlds.get(ConsentService).references(people[2].id)[-1][1]
    assert worlds.get(Sealing).seal(reference)
    folder = tmp_path / "site-file"
    for name, content in members(worlds, lead, ExportKind.SITE_FILE).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    rows = table((folder / "consent-register.csv").read_bytes())
    assert [(one["study_id"], one["form_version"]) for one in rows] == [
        ("C-0001", "0.1"), ("C-0001", "0.2"), ("C-0002", "0.1"), ("C-0003", "0.1"), ("C-0004", "0.2"),
    ]  # fmt: skip
    assert "quotes" in rows[0]["optional_statements_agreed"]
    assert rows[3]["withdrawals"].startswith("stop-keep ")
    assert len(list(folder.glob("study/*/study.json"))) == 2
    done = subprocess.run([sys.executable, "-I", folder / "verify.py"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:15]) == (0, "Everything fits")


def test_what_was_removed_is_in_no_column(worlds, lead, people):
    worlds.get(ConsentService).withdraw(people[1], "stop-remove")
    before = table(members(worlds, lead)["participants.csv"])[1]
    assert before["status"] == "withdrawn_removed"
    kept = {"study_id", "group", "site", "status", "consented_on", "form_version", "sheet_version", "withdrawn_on",
            "withdrawal_level"}  # fmt: skip
    assert {key for key, value in before.items() if value and not key.startswith("agrees_")} == kept


def test_columns_keep_their_names(worlds, lead, amended):
    book = worlds.get(StudyBook)
    names = [one.name for one in variables(editions(book.all()))]
    publish(worlds, amended, lead)
    assert set(names) < {one.name for one in variables(editions(book.all()))}


def test_no_two_columns_have_one_name(world):
    """Keys that read alike, or like a column of the portal's own."""
    book = world.get(StudyBook)
    study = book.current().study
    documents = study.documents["carer"]
    form = documents.questionnaire
    first = form.questions[0]
    keys = ["site", "status", "study-id", "agrees-recording", "a-b", "a_b", "a__b", "a_", "1st", "q_1st", "group"]
    choices = tuple(first.choices[0].model_copy(update={"key": key}) for key in ("pnts", "x-y", "x_y", "x__y"))
    odd = [first.model_copy(update={"key": key}) for key in keys]
    odd.append(first.model_copy(update={"key": "many", "kind": "multiple", "choices": choices}))
    questionnaire = form.model_copy(update={"questions": (*form.questions, *odd)})
    changed = documents.model_copy(update={"questionnaire": questionnaire})
    book.publish(study.model_copy(update={"documents": {**study.documents, "carer": changed}}))
    person = world.participant()
    world.consent(person)
    for key in keys:
        answer(world, person, **{key: Value(declined=True)})
    answer(world, person, many=Value(("x_y",)))
    columns = variables(editions(book.all()))
    assert len({one.name for one in columns}) == len(columns)
    row = table(members(world, world.member(Role.LEAD))["participants.csv"])[0]
    names = {one.question: one.name for one in columns if one.question in keys}
    assert [row[names[key]] for key in keys] == [DECLINED] * len(keys)
    assert (row["site"], row["status"], row["study_id"], row["group"]) == ("trust-a", "consented", "C-0001", "carer")
    assert row["agrees_recording"] == "1"
    many = {one.choice: row[one.name] for one in columns if one.question == "many"}
    assert many == {"pnts": "0", "x-y": "0", "x_y": "1", "x__y": "0", DECLINED: "0"}
