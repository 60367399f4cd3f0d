"""IT hears of what is not well, once for each occasion, and nobody else does."""

import pytest

from portal.messages.service import Outbox
from portal.operations.alarms import Alarms
from portal.operations.domain import failing, ok, warning
from portal.operations.service import Doctor
from portal.team.domain import Role


@pytest.fixture
def mail(worlds):
    """Runs the duty for some findings and gives the subjects and receivers of what was sent."""

    def run(*findings):
        worlds.get(Doctor)._checks = tuple((one.part, lambda one=one: one) for one in findings)
        worlds.sent.clear()
        worlds.get(Alarms).run()
        worlds.get(Outbox).send_due()
        return [(str(one["To"]), one.get_body(("plain",)).get_content()) for one in worlds.sent]

    return run


def test_those_who_see_the_status_page_are_told(worlds, mail):
    it = worlds.member(Role.IT)
    worlds.member(Role.RESEARCHER)
    [(to, text)] = mail(ok("clock", "fine"), failing("disk", "full", "make room"))
    assert it.email in to
    assert "disk" in text
    assert "/workspace/status" in text


def test_failing_is_told_each_day_and_a_warning_each_week(worlds, mail):
    worlds.member(Role.IT)
    bad, soon = failing("disk", "full", "make room"), warning("TLS certificate", "ends", "renew")
    counts = []
    for _ in range(8):
        counts += [len(mail(bad, soon)), len(mail(bad, soon))]
        worlds.clock.forward(days=1)
    # 24 November 2026 is a Tuesday: the next week begins on the seventh day.
    assert counts == [2, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 2, 0, 1, 0]


def test_all_well_is_no_message(worlds, mail):
    worlds.member(Role.IT)
    assert mail(ok("disk", "fine")) == []
