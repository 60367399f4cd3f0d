"""What every message says, as the person sees it."""

import re
from pathlib import Path

import html5lib
import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo

from portal.messages.domain import Channel, Contact
from portal.messages.kinds import KINDS
from portal.messages.render import Renderer
from portal.settings import ROOT
from portal.study.readability import measure

FIELDS = {
    "token": "T" * 32, "code": "123456", "starts_at": "2026-12-01T10:00:00+00:00",
    "ends_at": "2026-12-01T11:00:00+00:00", "what": "moved", "part": "disk",
    "note": "s.example.org/audit 7 AAAA", "browser": "Firefox", "system": "Windows", "at": "2026-12-01T10:00:00+00:00",
}  # fmt: skip
GROUPS = ("carer", "practitioner")
NEVER = re.compile(
    r"perinatal|mental|health|interview|study|research|baby|babies|infant|mother|carer|video interaction|VIG|consent|"
    r"trust|NHS|clinic|patient|appointment|therap|record",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def renderer():
    templates = ROOT / "templates" / "emails"
    return Renderer(templates, Path("/nowhere"), "https://s.example.org", first_language=lambda: "en")


def words(renderer, name, group="carer", channel=Channel.EMAIL, **more):
    kind = KINDS[name]
    fields = {key: FIELDS[key] for key in kind.fields | ({"what"} & kind.may)}
    return renderer.render(kind, Contact("en", group=group), {**fields, **more}, channel=channel, stop_url="")


MINE = [name for name, kind in KINDS.items() if not kind.for_team]


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("name", MINE)
def test_what_a_locked_screen_shows_tells_nothing(renderer, name, group):
    made = words(renderer, name, group)
    first = made.text.split("\n\n")[0]
    text = words(renderer, name, group, Channel.SMS).text
    for seen in (made.subject, first, text):
        assert not NEVER.search(seen), seen
    assert len(made.subject) <= 40


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("name", MINE)
def test_the_whole_message_names_no_topic_either(renderer, name, group):
    made = words(renderer, name, group)
    assert not NEVER.search(made.text.replace("https://s.example.org", "")), made.text


@pytest.mark.parametrize("name", MINE)
def test_a_child_of_eleven_can_read_it(renderer, name):
    assert measure(words(renderer, name).text).grade <= 6, words(renderer, name).text


@pytest.mark.parametrize("name", list(KINDS))
def test_text_and_html_say_the_same(renderer, name):
    made = words(renderer, name)
    parser = html5lib.HTMLParser(strict=True, tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    tree = parser.parse(made.html)
    body = tree.find("body")
    assert tree.get("lang") == "en"
    assert [one.get("src") for one in tree.iter("img")] == []  # nothing that tells when it was opened
    seen = " ".join("".join(body.itertext()).split())
    for line in filter(None, (line.rstrip(":") for line in made.text.splitlines())):
        assert line in seen
    links = [one.get("href") for one in tree.iter("a")]
    assert links == re.findall(r"https://\S+", made.text)


def test_an_interview_of_practitioners_has_words_of_its_own(renderer):
    assert words(renderer, "booking_made").text != words(renderer, "booking_made", "practitioner").text
    assert words(renderer, "thanks").text != words(renderer, "thanks", "practitioner").text


def test_hours_are_london_s_and_her_own_if_they_differ(renderer):
    summer = {"starts_at": "2027-07-01T09:00:00+00:00", "ends_at": "2027-07-01T10:00:00+00:00"}
    assert "Thursday 1 July 2027, 10:00 (UK time)\n" in words(renderer, "reminder", **summer).text
    assert "10:00 (UK time), Thursday 11:00 (Paris)" in words(renderer, "reminder", zone="Europe/Paris", **summer).text


def test_markup_in_a_field_stays_text(renderer):
    made = words(renderer, "sign_in_code", code="<b>1</b>")
    assert "&lt;b&gt;1&lt;/b&gt;" in made.html


def test_words_come_in_the_reader_s_language_and_direction(tmp_path):
    catalogue = Catalog(locale="ar")
    catalogue.add("Your code", "رمزك")
    catalogue.add("Your code is %(code)s", "رمزك هو %(code)s", flags=["python-format"])
    folder = tmp_path / "ar" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    templates = ROOT / "templates" / "emails"
    made = Renderer(templates, tmp_path, "https://s.example.org", first_language=lambda: "en").render(
        KINDS["sign_in_code"], Contact("ar"), {"code": "123456"}, channel=Channel.EMAIL
    )
    assert made.subject == "رمزك"
    assert "رمزك هو 123456" in made.text
    assert '<html lang="ar" dir="rtl">' in made.html
