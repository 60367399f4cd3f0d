"""What goes wrong at a real browser while somebody signs or books: two tabs, two presses, back, reload, a long pause.

With and without JavaScript: it is the server that keeps consents single, not the page.
"""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from portal.consent.domain import StatementAnswer
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.people.service import PeopleService
from portal.settings import Settings
from portal.wiring import build
from tests.e2e.server import demonstration
from tests.e2e.visitor import Visitor
from tests.support.world import ACTOR, FAST

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with demonstration(tmp_path_factory) as server:
        yield server


@pytest.fixture(scope="module")
def services(portal):
    """The running portal's own, to bring somebody new to where each test begins."""
    built = build(Settings.from_env(portal.environ), hasher=FAST)
    yield built
    built.get(Database).dispose()


@pytest.fixture(scope="module")
def people(services):
    return services.get(PeopleService)


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def she(request, chromium, portal, people, services):
    """Somebody new who has read the sheet and answered every statement with yes."""
    visitor = Visitor(chromium, portal.url, javascript=request.param)
    visitor.invited = people.invite("carer", "trust-a", actor=ACTOR)
    visitor.go(f"/invitation/{visitor.invited.token}")
    visitor.press("Open my invitation")
    visitor.go("/information")
    consents, person = services.get(ConsentService), visitor.invited.participant
    _, form = consents.form(person)
    consents.answer(person, form.content_hash, {one.key: StatementAnswer(True, "IP") for one in form.statements})
    yield visitor
    visitor.context.close()


def facts(portal, table, person):
    with closing(sqlite3.connect(f"file:{portal.instance}/portal.sqlite3?mode=ro", uri=True)) as connection:
        query = f"SELECT count(*) FROM {table} WHERE participant_id = ?"
        return connection.execute(query, (person.id,)).fetchone()[0]


def agreed(portal, person):
    with closing(sqlite3.connect(f"file:{portal.instance}/portal.sqlite3?mode=ro", uri=True)) as connection:
        query = (
            "SELECT statement_key, agreed FROM consent_answer JOIN consent ON consent.id = consent_id"
            " WHERE participant_id = ?"
        )
        return dict(connection.execute(query, (person.id,)))


def answer(page, word):
    page.get_by_label(word, exact=True).check()
    with page.expect_navigation():
        page.get_by_role("button", name="Continue").click()


def to_sign(she):
    she.go("/consent/check-answers")
    she.press("Continue to sign")


def sign(page):
    page.get_by_label("Type your full name").fill("Invented Person")
    with page.expect_navigation():
        page.get_by_role("button", name="Sign and send").click()


def recorded(page):
    expect(page.get_by_role("heading", name="Your consent is recorded")).to_be_visible()


def test_two_tabs_answered_differently(she, portal):
    to_sign(she)
    other = she.context.new_page()
    other.goto(f"{she.base}/consent/statement/recording")
    answer(other, "No")
    sign(she.page)
    expect(she.page.get_by_role("heading", name="Check your answers")).to_be_visible()
    expect(she.page.get_by_text("Your answers were changed in another window.")).to_be_visible()
    she.check()
    assert facts(portal, "consent", she.invited.participant) == 0
    she.press("Continue to sign")
    sign(she.page)
    recorded(she.page)
    assert agreed(portal, she.invited.participant)["recording"] == 0
    other.reload()
    other.goto(f"{she.base}/consent/statement/recording")
    recorded(other)


def test_signed_in_both_tabs(she, portal):
    to_sign(she)
    other = she.context.new_page()
    other.goto(f"{she.base}/consent/sign")
    sign(she.page)
    sign(other)
    recorded(other)
    assert she.page.url == other.url
    assert facts(portal, "consent", she.invited.participant) == 1


def test_two_presses_on_sign_and_send(she, portal):
    to_sign(she)
    she.page.get_by_label("Type your full name").fill("Invented Person")
    she.page.get_by_role("button", name="Sign and send").dblclick(no_wait_after=True)
    expect(she.page).to_have_url(re.compile("/consent/done/"))
    she.page.wait_for_load_state()
    recorded(she.page)
    assert facts(portal, "consent", she.invited.participant) == 1


def test_enter_pressed_again_and_again(she, portal):
    to_sign(she)
    name = she.page.get_by_label("Type your full name")
    name.fill("Invented Person")
    for _ in range(3):
        she.page.keyboard.press("Enter")
    expect(she.page).to_have_url(re.compile("/consent/done/"))
    she.page.wait_for_load_state()
    recorded(she.page)
    assert facts(portal, "consent", she.invited.participant) == 1


def test_back_and_reload_after_signing(she, portal):
    to_sign(she)
    sign(she.page)
    done = she.page.url
    she.page.reload()
    recorded(she.page)
    she.page.go_back()
    she.page.wait_for_load_state()
    assert she.page.url == done
    expect(she.page.get_by_text("You have signed this form.")).to_be_visible()
    she.page.go_back()
    she.page.wait_for_load_state()
    assert facts(portal, "consent", she.invited.participant) == 1
    assert facts(portal, "consent_draft", she.invited.participant) == 0


def grow_old(portal, hours):
    """Every session was last used so long ago."""
    with closing(sqlite3.connect(portal.instance / "portal.sqlite3", timeout=30)) as connection, connection:
        for number, seen in connection.execute("SELECT rowid, seen_at FROM web_session").fetchall():
            earlier = datetime.fromisoformat(seen).replace(tzinfo=UTC) - timedelta(hours=hours)
            kept = earlier.strftime("%Y-%m-%d %H:%M:%S.%f")
            connection.execute("UPDATE web_session SET seen_at = ? WHERE rowid = ?", (kept, number))


def test_a_session_that_ends_while_she_signs(she, portal, people):
    people.set_email(she.invited.participant.id, f"{she.invited.participant.study_id.lower()}@example.org")
    to_sign(she)
    she.page.get_by_label("Type your full name").fill("Invented Person")
    grow_old(portal, 5)
    she.press("Sign and send")
    expect(she.page.get_by_text("What you wrote is kept for you.")).to_be_visible()
    assert facts(portal, "consent", she.invited.participant) == 0
    back = people.renew(she.invited.participant.id, actor=ACTOR)
    she.go(f"/invitation/{back.token}")
    she.press("Open my invitation")
    expect(she.page.get_by_role("heading", name="Sign")).to_be_visible()
    expect(she.page.get_by_label("Type your full name")).to_have_value("Invented Person")
    she.press("Sign and send")
    recorded(she.page)
    assert facts(portal, "consent", she.invited.participant) == 1


def test_two_presses_on_a_booking(she, portal):
    to_sign(she)
    sign(she.page)
    she.go("/interview/times")
    with she.page.expect_navigation():
        she.page.locator("form[action*=hold] button").nth(int(she.javascript)).click()
    she.check()
    she.page.get_by_role("button", name="Confirm this time").dblclick(no_wait_after=True)
    expect(she.page).to_have_url(re.compile("/interview$"))
    she.page.wait_for_load_state()
    expect(she.page.get_by_role("link", name="Change the time")).to_be_visible()
    assert facts(portal, "booking", she.invited.participant) == 1
    she.page.go_back()
    she.page.wait_for_load_state()
    she.go("/interview")
    expect(she.page.locator(".app-when")).to_have_count(1)
