import csv
import io
import json
import subprocess
import sys
import zipfile

import pytest

from portal.audit.service import AuditLog
from portal.canonical import sha256_hex
from portal.consent.sealing import Sealing
from portal.consent.service import ConsentService, Countersigning
from portal.demographics.domain import Value
from portal.demographics.service import DemographicsService
from portal.exports.columns import variables
from portal.exports.dictionary import redcap_csv
from portal.exports.domain import DECLINED, ENGLISH, ExportKind, csv_line, defused
from portal.exports.editions import editions
from portal.exports.errors import NothingToExport
from portal.exports.service import ExportService, Wish
from portal.study.service import StudyBook
from portal.team.domain import Role

WHOLE = "Everything fits: files, receipts, versions and events are as they were exported.\n"


def wish(kind, member):
    return Wish(kind, "analysis", "for the first paper", member.id)


def opened(content):
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    return {name: archive.read(name) for name in archive.namelist()}


def table(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.fixture
def lead(worlds):
    return worlds.member(Role.LEAD)


@pytest.fixture
def answered(worlds):
    """A carer who said things that a spreadsheet would run, and one who prefers not to say."""
    people = []
    for value in (Value(("=HYPERLINK(1)",)), Value(declined=True)):
        person = worlds.participant()
        worlds.sealed(person)
        demographics = worlds.get(DemographicsService)
        for one in demographics.questionnaire(person).questions:
            if one.choices:
                given = Value((one.choices[0].key,)) if value.given else value
            else:
                given = Value(("2",)) if one.kind in ("number", "year") and value.given else value
            demographics.answer(person, one.key, given)
        people.append(person)
    return people


def test_nothing_to_export_is_a_clear_answer_and_no_record(worlds, lead):
    worlds.participant()
    for kind in ExportKind:
        with pytest.raises(NothingToExport):
            worlds.get(ExportService).start(wish(kind, lead), None)
    assert worlds.get(ExportService).newest() == []


def test_the_data_with_dictionary_and_hash_on_record(worlds, lead, answered):
    exports = worlds.get(ExportService)
    content = b"".join(exports.start(wish(ExportKind.DATA, lead), None))
    members = opened(content)
    rows, names = table(members["participants.csv"]), [
        one["variable"] for one in table(members["data-dictionary.csv"])
    ]  # fmt: skip
    assert list(rows[0]) == names
    assert [one["study_id"] for one in rows] == ["C-0001", "C-0002"]
    assert rows[1]["relation"] == DECLINED
    assert rows[0]["languages___english"] in ("0", "1")
    assert rows[1]["languages___pnts"] == "1"
    assert rows[0]["profession"] == ""
    known = json.loads(members["participants.json"])["participants"]
    assert [one["study_id"] for one in known] == ["C-0001", "C-0002"]
    (record,) = exports.newest()
    assert (record.sha256, record.size, record.people) == (sha256_hex(content), len(content), 2)
    assert record.small_cells == len(table(members["small-cells.csv"])) > 0
    event = worlds.get(AuditLog).newest(1)[0]
    assert (event.kind, event.fields["sha256"]) == ("exports.finished", sha256_hex(content))


def test_the_same_data_gives_the_same_bytes(worlds, lead, answered):
    for kind in ExportKind:
        twice = [b"".join(worlds.get(ExportService).start(wish(kind, lead), None)) for _ in range(2)]
        if kind is not ExportKind.SITE_FILE:  # its audit extract grows, since nothing is left out of it
            assert twice[0] == twice[1]
        assert twice[0]


def test_no_name_and_no_address_is_in_the_data(worlds, lead):
    worlds.consent(worlds.participant(), "Very Private Name")
    members = opened(b"".join(worlds.get(ExportService).start(wish(ExportKind.DATA, lead), None)))
    assert not any(b"Very Private" in content for content in members.values())


def test_what_was_to_be_removed_is_not_exported(worlds, lead, answered):
    worlds.get(ConsentService).withdraw(answered[0], "stop-remove")
    worlds.get(ConsentService).withdraw(answered[1], "stop-keep")
    members = opened(b"".join(worlds.get(ExportService).start(wish(ExportKind.DATA, lead), None)))
    first, second = table(members["participants.csv"])
    assert (first["status"], first["relation"]) == ("withdrawn_removed", "")
    assert (second["status"], second["relation"]) == ("withdrawn_kept", DECLINED)


def test_an_export_that_is_cut_off_says_so(worlds, lead, answered):
    pieces = worlds.get(ExportService).start(wish(ExportKind.DATA, lead), None)
    next(pieces)
    pieces.close()
    (record,) = worlds.get(ExportService).newest()
    assert (record.sha256, record.finished_at) == (None, None)


def test_the_register_names_staff_and_no_participant(worlds, lead, answered):
    consents = worlds.get(ConsentService)
    given = consents.state(answered[0]).given
    declared = Countersigning("Invented Researcher", worlds.clock(), "All of it.", "known-to-service")
    consents.countersign(given.id, declared, staff_id=lead.id)
    content = b"".join(worlds.get(ExportService).start(wish(ExportKind.REGISTER, lead), ["trust-a"]))
    rows = table(content)
    assert [one["countersigned_by"] for one in rows] == ["Invented Researcher", ""]
    assert "Invented Person" not in content.decode()
    with pytest.raises(NothingToExport):
        worlds.get(ExportService).start(wish(ExportKind.REGISTER, lead), ["trust-b"])


def test_the_site_file_is_verified_offline(worlds, lead, answered, tmp_path):
    folder = tmp_path / "site-file"
    reference = worlds.get(ConsentService).withdraw(answered[0], "stop-recording")
    assert worlds.get(Sealing).seal(reference)
    content = b"".join(worlds.get(ExportService).start(wish(ExportKind.SITE_FILE, lead), ["trust-a"]))
    zipfile.ZipFile(io.BytesIO(content)).extractall(folder)

    def verdict():
        done = subprocess.run([sys.executable, "-I", folder / "verify.py"], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    assert verdict() == (0, WHOLE)
    (sheet,) = folder.glob("study/*/carer-information-sheet.pdf")
    read = subprocess.run(["pdftotext", sheet, "-"], capture_output=True, text=True, check=True).stdout
    assert worlds.get(StudyBook).current().study.documents["carer"].information_sheet.title in " ".join(read.split())
    receipts = sorted((folder / "receipts").rglob("*.pdf"))
    assert len(receipts) == 3
    assert (folder / "delegation-log.csv").read_text(encoding="utf-8-sig").startswith("member,task")
    for name in ("audit-extract.jsonl", "consent-register.csv", receipts[0].relative_to(folder).as_posix()):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole.replace(b"C-0001", b"C-0009") if b"C-0001" in whole else whole + b" ")
        code, said = verdict()
        assert code == 1
        assert f"{name} was changed" in said
        (folder / name).write_bytes(whole)
    (folder / "extra.txt").write_text("x")
    assert "extra.txt was added" in verdict()[1]


def test_the_site_file_tells_of_receipts_that_are_still_to_be_sealed(worlds, lead, tmp_path):
    reference = worlds.consent(worlds.participant())
    content = b"".join(worlds.get(ExportService).start(wish(ExportKind.SITE_FILE, lead), None))
    (line,) = table(opened(content)["receipts.csv"])
    assert (line["reference"], line["kind"], line["file"], line["note"]) == (reference, "consent", "", "not sealed yet")
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path / "pack")
    command = [sys.executable, "-I", tmp_path / "pack" / "verify.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = f"INCOMPLETE: the receipt {reference} of C-0001 was not sealed yet. Take the site file out again.\n"
    assert (done.returncode, done.stdout) == (0, told + WHOLE)


def test_through_the_page(world):
    client = world.staff_client(Role.LEAD)
    page = client.get("/workspace/exports")
    fields = {"kind": "data", "purpose": "analysis", "words": "for the first paper", "site": ""}
    assert "Choose what to take out" in client.submit(page, {"words": ""}).text
    assert "There is nothing to take out yet" in client.submit(page, fields).text
    world.consent(world.participant())
    values = client.get("/workspace/exports").form_values(page.all("main")[0].find(".//{*}form"))
    answer = client.raw.post("/workspace/exports", data={**values, **fields})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="data-')
    assert set(opened(answer.data)) >= {"participants.csv", "README.txt", "SHA256SUMS"}
    shown = client.get("/workspace/exports").text
    assert sha256_hex(answer.data) in shown
    assert "for the first paper" in shown


def test_who_may_what(world):
    world.consent(world.participant())
    auditor = world.staff_client(Role.AUDITOR)
    page = auditor.get("/workspace/exports")
    assert "by study ID: table" not in page.text
    fields = {"kind": "data", "purpose": "analysis", "words": "x", "site": ""}
    assert "There is a problem" in auditor.submit(page, fields).text
    elsewhere = world.staff_client(Role.LEAD, sites=["trust-b"])
    fields = {"kind": "register", "purpose": "analysis", "words": "x", "site": "trust-a"}
    assert "There is a problem" in elsewhere.submit(elsewhere.get("/workspace/exports"), fields).text
    assert (
        "There is nothing to take out"
        in elsewhere.submit(elsewhere.get("/workspace/exports"), {**fields, "site": ""}).text
    )
    assert world.staff_client(Role.RESEARCHER).get("/workspace/exports").status == 403


def test_the_record_names_the_sites_that_were_taken_out(worlds, lead, answered):
    """Whoever sees some sites only takes out those by "all that I see", and learns of no export beyond them."""
    exports = worlds.get(ExportService)
    for sites in (
        None,
        ["trust-a"],
        ["trust-b", "trust-a"],
        [f"a-very-long-key-of-a-site-{at}" for at in range(4)] + ["trust-a"],
    ):
        b"".join(exports.start(wish(ExportKind.REGISTER, lead), sites))
        events = [one for one in worlds.get(AuditLog).newest(2) if one.kind == "exports.started"]
        assert events[0].fields["site"] == ("" if sites is None else ", ".join(sorted(sites)))
    assert [one.site for one in exports.newest()] == ["*", "trust-a, trust-b", "trust-a", ""]
    assert [one.site for one in exports.newest({"trust-a"})] == ["trust-a"]
    assert [one.site for one in exports.newest({"trust-a", "trust-b"})] == ["trust-a, trust-b", "trust-a"]
    assert exports.newest({"trust-b"}) == []
    shown = worlds.staff_client(Role.LEAD, sites=["trust-a"]).get("/workspace/exports")
    assert [words for words in shown.words("td") if "register" in words] == [
        "Consent register, NHS Trust A [name not public]"
    ]
    everything = worlds.staff_client(Role.LEAD).get("/workspace/exports").text
    assert "Consent register, many sites" in everything
    assert "Consent register, all sites" in everything


def test_a_member_of_one_site_who_takes_out_all_that_she_sees(world):
    world.consent(world.participant())
    client = world.staff_client(Role.LEAD, sites=["trust-a"])
    page = client.get("/workspace/exports")
    values = page.form_values(page.all("main")[0].find(".//{*}form"))
    fields = {"kind": "register", "purpose": "analysis", "words": "x", "site": ""}
    assert client.raw.post("/workspace/exports", data={**values, **fields}).status_code == 200
    assert [one.site for one in world.get(ExportService).newest()] == ["trust-a"]


def test_an_old_proof_is_asked_for_again(world):
    client = world.staff_client(Role.LEAD)
    world.clock.forward(minutes=15)
    assert client.get("/workspace/exports").address == "/team/confirm"


@pytest.mark.parametrize("text", ["=1+1", "+44", "-1", "@x", "\tx", "＝1"])
def test_formulas_are_defused(text):
    assert defused(text) == f"'{text}"
    assert csv_line([text, 5, None, "plain"]).decode().rstrip().endswith(",5,,plain")


def test_redcap_reads_its_dictionary(world):
    book = world.get(StudyBook)
    study = book.current().study
    rows = table(b"".join(redcap_csv(variables(editions(book.all())), ENGLISH)))
    names = [one["Variable / Field Name"] for one in rows]
    assert names[0] == "study_id"
    assert len(names) == len(set(names))
    assert all(name[0].isalpha() and name == name.lower() and name.replace("_", "").isalnum() for name in names)
    by_name = {one["Variable / Field Name"]: one for one in rows}
    assert by_name["languages"]["Field Type"] == "checkbox"
    asked = next(one for one in study.documents["carer"].questionnaire.questions if one.key == "languages")
    assert by_name["languages"]["Field Label"] == asked.label
    choices = by_name["languages"]["Choices, Calculations, OR Slider Labels"].split(" | ")
    assert [one.partition(", ")[2] for one in choices] == [*(one.text for one in asked.choices), "Prefers not to say"]
    assert by_name["relation"]["Branching Logic (Show field only if...)"] == "[group] = 'carer'"
    assert all(" | " in one["Choices, Calculations, OR Slider Labels"] for one in rows if one["Field Type"] == "radio")


def test_what_was_to_be_removed_stays_so_after_an_amendment_of_the_levels(worlds, lead, answered):
    worlds.get(ConsentService).withdraw(answered[0], "stop-remove")
    book = worlds.get(StudyBook)
    study = book.current().study
    levels = tuple(one.model_copy(update={"key": f"{one.key}-anew"}) for one in study.withdrawal.levels)
    withdrawal = study.withdrawal.model_copy(update={"levels": levels})
    book.publish(study.model_copy(update={"withdrawal": withdrawal}))
    members = opened(b"".join(worlds.get(ExportService).start(wish(ExportKind.DATA, lead), None)))
    first = table(members["participants.csv"])[0]
    assert (first["status"], first["relation"]) == ("withdrawn_removed", "")
