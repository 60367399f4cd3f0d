"""Every string goes through translation, and pages turn round for languages written from right to left."""

import csv
import io
import re
import zipfile
from zoneinfo import available_timezones

import pytest
from flask import Response

from portal.app import create_app
from portal.consent.service import ConsentService
from portal.notes.domain import NoteKind
from portal.notes.service import NotesService
from portal.people.service import PeopleService
from portal.study.service import StudyBook
from portal.team.domain import Role
from portal.web.permissions import Permission, permission_of
from tests.support import pseudo
from tests.support.client import Page
from tests.support.world import ACTOR

LOCALE = "ar"
DATA = {
    "Invented", "Invented Person", "Invented lead", "PDF", "SHA-256", "QR", "NHS", "IP", "VTT", "ICS", "CSV", "JSON",
    "ZIP",
}  # fmt: skip
"""Names of people in the world, and names of formats, which no language translates."""
ZONES = {name.replace("_", " ").replace("/", ": ") for name in available_timezones()}
NO_PAGE = {"/workspace/interviews/present", "/room/present"}
"""Signs of life: answers without a page."""


@pytest.fixture
def abroad(world, tmp_path):
    """The portal in the pseudo-language."""
    book = world.get(StudyBook)
    book.publish(book.current().study.model_copy(update={"languages": (LOCALE,)}))
    pseudo.write(tmp_path, LOCALE)
    app = create_app(world.settings, world.services)
    app.extensions["babel"].translation_directories = [str(tmp_path)]
    world._app = app
    return world


def own_words(world):
    def texts(value):
        if isinstance(value, dict):
            return [text for item in value.values() for text in texts(item)]
        if isinstance(value, list):
            return [text for item in value for text in texts(item)]
        return [str(value)]

    dumped = world.get(StudyBook).current().study.model_dump(mode="json")
    return " \n ".join(pseudo.plain(text) for text in texts(dumped))


def pieces(page):
    """Every piece of text that a person reads or hears."""
    for element in page.tree.iter():
        if not isinstance(element.tag, str) or element.tag.endswith(("}script", "}style", "}code")):
            continue
        if "app-token" not in (element.get("class") or "") and element.get("translate") != "no":
            yield from (text for text in (element.text, element.tail) if text and text.strip())
        yield from (element.get(name) for name in ("alt", "aria-label", "title", "placeholder") if element.get(name))


def problems(world, page):
    own = own_words(world)
    names = DATA | ZONES | {world.settings.mail_name}
    texts = {" ".join(text.split()) for text in pieces(page)}
    return sorted(text for text in texts if text not in names and pseudo.untranslated(text, own, names))


def addresses(world, permissions):
    for rule in world.app.url_map.iter_rules():
        needed = permission_of(world.app.view_functions[rule.endpoint])
        if needed in permissions and "GET" in rule.methods and not rule.arguments and rule.rule not in NO_PAGE:
            yield rule.rule


def walk(world, client, permissions):
    found = {}
    for address in addresses(world, permissions):
        answer = client.raw.get(address, follow_redirects=True)
        if answer.mimetype == "text/html":
            page = client.get(address)
            assert page.all("html")[0].get("dir") == "rtl", address
            wrong = problems(world, page)
            if wrong:
                found[address] = wrong
    return found


def test_a_participant_s_pages(abroad):
    client, invited = abroad.participant_client()
    client.get("/information")
    found = walk(abroad, client, {Permission.OWN_JOURNEY, Permission.PUBLIC})
    _, form = abroad.get(ConsentService).form(invited.participant)
    for key in [one.key for one in form.statements][:2]:
        page = client.get(f"/consent/statement/{key}")
        refused = client.submit(page, {})
        found |= {
            f"{key} {number}": wrong for number, one in enumerate((page, refused)) if (wrong := problems(abroad, one))
        }
    assert not found, "\n".join(f"{address}: {wrong}" for address, wrong in found.items())


def test_the_team_s_pages(abroad):
    abroad.sealed(abroad.participant())
    client = abroad.staff_client(Role.LEAD)
    permissions = {one for one in Permission if one.startswith("team:")}
    found = walk(abroad, client, permissions)
    for address in ("/workspace/participants/C-0001", "/workspace/participants/C-0001/countersign", "/team/members/1"):
        wrong = problems(abroad, client.get(address))
        if wrong:
            found[address] = wrong
    assert not found, "\n".join(f"{address}: {wrong}" for address, wrong in found.items())


def test_her_own_copy(abroad):
    person, client = abroad.participant(), abroad.client()
    abroad.consent(person)
    abroad.get(NotesService).write(person, NoteKind.NOTE, "7", staff_id=abroad.member().id)
    link = abroad.get(PeopleService).renew(person.id, actor=ACTOR).token
    client.submit(client.get(f"/invitation/{link}"), {})
    page = client.get("/your-copy")
    sent = client.raw.post("/your-copy", data=page.form_values(page.all("main")[0].find(".//{*}form")))
    copy = zipfile.ZipFile(io.BytesIO(sent.data)).read("your-data.html")
    assert problems(abroad, Page("/your-copy", Response(copy))) == []


def taken_out(world, kind):
    """The members of an export that a lead takes out through the page."""
    client = world.staff_client(Role.LEAD)
    page = client.get("/workspace/exports")
    fields = {"kind": kind, "site": "", "purpose": "analysis", "words": "7"}
    values = page.form_values(page.all("main")[0].find(".//{*}form"))
    answer = client.raw.post("/workspace/exports", data={**values, **fields})
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    return {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist() if not name.endswith(".pdf")}


def unexplained(world, readme):
    """The lines of a README, apart from commands, that are in no language of the reader's."""
    own = own_words(world)
    lines = [line for line in readme.splitlines() if line and not line.startswith("    ")]
    return [line for line in lines if pseudo.untranslated(line, own, set())]


def test_an_export_of_data_explains_itself(abroad):
    abroad.consent(abroad.participant())
    members = taken_out(abroad, "data")
    codebook = Page("/codebook.html", Response(members["codebook.html"]))
    assert codebook.all("html")[0].get("dir") == "rtl"
    assert problems(abroad, codebook) == []
    assert unexplained(abroad, members["README.txt"]) == []
    own = own_words(abroad)
    for one in csv.DictReader(io.StringIO(members["data-dictionary.csv"])):
        texts = [
            one["label"].partition(": ")[0],
            one["note"],
            *(two.partition(" = ")[2] for two in one["values"].split("; ")),
        ]
        assert not [text for text in texts if pseudo.untranslated(text, own, DATA)], one
    labels = [one["Field Label"] for one in csv.DictReader(io.StringIO(members["redcap-data-dictionary.csv"]))]
    assert not [text for text in labels if pseudo.untranslated(text, own, DATA)]
    assert {"study_id", "status"} <= set(members["participants.csv"].splitlines()[0].split(",")), "what programs read"


def test_the_site_file_explains_itself(abroad):
    abroad.consent(abroad.participant())
    members = taken_out(abroad, "site-file")
    assert unexplained(abroad, members["README.txt"]) == []
    forms = [text for name, text in members.items() if name.endswith("-consent.html")]
    assert forms
    assert all(problems(abroad, Page("/consent.html", Response(text))) == [] for text in forms)


def test_error_pages(abroad):
    client = abroad.client()
    assert problems(abroad, client.get("/nowhere")) == []
    assert re.search(pseudo.OPEN, client.get("/nowhere").text)
