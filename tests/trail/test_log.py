"""The audit trail's page: readable, filtered, page by page."""

import pytest

from portal.audit.checkpoints import Checkpoints
from portal.audit.domain import EventKind
from portal.audit.service import AuditLog
from portal.db.engine import Database
from portal.team.domain import Role
from portal.trail.forms import subjects
from portal.trail.views import SIZE
from tests.support.world import ACTOR

KIND = EventKind("thing.was_done", frozenset({"number"}))
PAGE = "/workspace/audit"


@pytest.fixture
def auditor(worlds):
    return worlds.staff_client(Role.AUDITOR)


def cells(page, column):
    found = page.words("td")
    return found[column::6]


def test_it_says_in_words_who_did_what(worlds, auditor):
    worlds.invite()
    page = auditor.get(PAGE)
    assert cells(page, 2)[0] == "Participant invited"
    assert cells(page, 4)[0] == "participant C-0001"
    assert cells(page, 5)[0] == "group: carer; site: trust-a"
    assert cells(page, 3)[1] == "Invented auditor"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=people.invited", {"Participant invited"}),
        ("kind=team", {"Member invited", "Member joined", "Member signed in"}),
        ("about=c-0001&kind=people", {"Participant invited"}),
        ("since=2026-11-25", set()),
        ("until=2026-11-23", set()),
        ("since=2026-11-24&until=2026-11-24&kind=people.invited", {"Participant invited"}),
        ("about=%27%20OR%201=1", set()),
        ("about=" + "x" * 121, None),
        ("since=yesterday", None),
    ],
)
def test_it_finds_what_is_asked_for(worlds, auditor, query, found):
    worlds.invite()
    page = auditor.get_query(PAGE, query)
    assert page.status == 200
    assert ("There is a problem" in page.text) == (found is None)
    assert set(cells(page, 2)) == (found or set())


def test_pages_hold_every_event_once(worlds, auditor):
    log = worlds.get(AuditLog)
    with worlds.get(Database).transaction() as session:
        for number in range(2 * SIZE + 10):
            log.record(session, KIND, actor=ACTOR, subject="thing:1", number=number)
    page, seen = auditor.get_query(PAGE, "kind=thing"), []
    for _ in range(3):
        seen += cells(page, 5)
        older = [link for link in page.links() if "before=" in link]
        page = auditor.get_query(*older[0].split("?")) if older else None
    assert seen == [f"number: {number}" for number in reversed(range(2 * SIZE + 10))]
    assert page is None


def test_the_whole_chain_is_checked_on_demand(worlds, auditor):
    assert "has not been checked yet" in auditor.get(PAGE).text
    done = auditor.submit(auditor.get(PAGE), {}, form=0)
    assert "The chain holds" in done.text
    assert worlds.get(Checkpoints).last_check().problem is None


def test_a_member_of_one_site_does_not_read_it(world):
    assert world.staff_client(Role.AUDITOR, sites=["trust-a"]).get(PAGE).status == 403


def test_names_of_what_an_event_is_about():
    assert subjects("c-0007") == ("participant:C-0007",)
    assert subjects("C-7QK2-M4XB-9TWD") == ("consent:C-7QK2-M4XB-9TWD", "receipt:C-7QK2-M4XB-9TWD")
    assert subjects("staff:3") == ("staff:3",)
