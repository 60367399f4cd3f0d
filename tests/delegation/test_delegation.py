"""The delegation log decides at each request who may take consent."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import london_day
from portal.db.engine import Database
from portal.delegation.domain import Task
from portal.delegation.errors import DaysReversed, DelegationUnknown, NotDelegable
from portal.delegation.service import DelegationService
from portal.team.domain import Role
from portal.team.service import TeamService
from tests.support.world import ACTOR

COUNTERSIGN = "/workspace/participants/C-0001/countersign"


def delegate(world, member, starts_on=None, ends_on=None, tasks=(Task.CONSENT,)):
    starts_on = starts_on or london_day(world.clock())
    world.get(DelegationService).sign(member, tasks, starts_on, ends_on, actor=ACTOR)


def test_without_an_entry_a_researcher_may_not_countersign(worlds):
    worlds.sealed(worlds.participant())
    member = worlds.member(delegated=False)
    client = worlds.sign_in(member)
    assert client.get(COUNTERSIGN).status == 403
    assert "Countersign" not in client.get("/workspace/participants/C-0001").words("a")
    delegate(worlds, member)
    assert client.get(COUNTERSIGN).status == 200


def test_an_entry_holds_from_its_first_day_to_its_last(world):
    world.sealed(world.participant())
    member = world.member(delegated=False)
    today = london_day(world.clock())
    delegate(world, member, today + timedelta(days=1), today + timedelta(days=2))
    reached = []
    for _ in range(4):
        reached.append(world.sign_in(member).get(COUNTERSIGN).status)
        world.clock.forward(days=1)
    assert reached == [403, 200, 200, 403]


def test_days_are_london_s_when_the_clocks_change(world):
    member = world.member(delegated=False)
    delegate(world, member, date(2027, 3, 28), date(2027, 3, 28))  # the night in which summer time begins
    tasks = []
    for moment in ((27, 23, 59), (28, 0, 0), (28, 22, 59), (28, 23, 0)):
        world.clock.at = datetime(2027, 3, *moment, tzinfo=UTC)
        tasks.append(world.get(DelegationService).tasks(member))
    assert tasks == [frozenset(), {Task.CONSENT}, {Task.CONSENT}, frozenset()]


def test_each_task_is_delegated_apart(world):
    member = world.member(delegated=False)
    delegate(world, member, tasks=[Task.INTERVIEW])
    assert world.get(DelegationService).tasks(member) == {Task.INTERVIEW}
    assert world.sign_in(member).get(COUNTERSIGN).status == 403


def test_the_lead_signs_and_ends_on_the_page(world):
    world.sealed(world.participant())
    member = world.member(delegated=False)
    researcher, lead = world.sign_in(member), world.staff_client(Role.LEAD)
    page = lead.get("/workspace/delegation/sign")
    refused = lead.submit(page, {"member": str(member.id), "starts_on": "2026-11-24", "ends_on": "2026-11-23"})
    assert "Choose at least one task" in refused.text
    fields = {"member": str(member.id), "tasks": "consent", "starts_on": "2026-11-24", "ends_on": "2026-11-23"}
    refused = lead.submit(refused, fields)
    assert "The last day must not be before the first" in refused.text
    done = lead.submit(refused, {**fields, "ends_on": ""})
    assert done.address == "/workspace/delegation"
    assert "holds" in done.words("strong")
    assert researcher.get(COUNTERSIGN).status == 200
    lead.submit(done, {})
    assert researcher.get(COUNTERSIGN).status == 403
    kinds = [(one.kind, one.actor) for one in world.get(AuditLog).newest(2)]
    assert kinds == [("delegation.ended", "staff:2"), ("delegation.signed", "staff:2")]


def test_signing_asks_for_a_recent_proof(world):
    lead = world.staff_client(Role.LEAD)
    world.clock.forward(minutes=11)
    assert lead.get("/workspace/delegation/sign").address == "/team/confirm"


@pytest.mark.parametrize("role", [Role.RESEARCHER, Role.AUDITOR])
def test_others_read_it_and_cannot_sign(world, role):
    client = world.staff_client(role)
    assert client.get("/workspace/delegation").status == 200
    assert client.get("/workspace/delegation/sign").status == 403


def test_what_makes_no_sense_is_refused(world):
    service, member, auditor = world.get(DelegationService), world.member(), world.member(Role.AUDITOR)
    today = london_day(world.clock())
    with pytest.raises(DaysReversed):
        service.sign(member, Task, today, today - timedelta(days=1), actor=ACTOR)
    with pytest.raises(NotDelegable):
        service.sign(auditor, Task, today, None, actor=ACTOR)
    world.get(TeamService).close(member.id, actor=Actor.staff(auditor.id))
    with pytest.raises(NotDelegable):
        service.sign(world.get(TeamService).member(member.id), Task, today, None, actor=ACTOR)
    service.end(1, actor=ACTOR)
    with pytest.raises(DelegationUnknown):
        service.end(1, actor=ACTOR)


def test_the_database_refuses_changes_of_the_log(worlds):
    delegate(worlds, worlds.member())
    worlds.get(DelegationService).end(1, actor=ACTOR)
    for statement in ("UPDATE delegation SET task = 'x'", "DELETE FROM delegation", "DELETE FROM delegation_end"):
        with pytest.raises(DBAPIError, match="only ever added"), worlds.get(Database).transaction() as session:
            session.execute(text(statement))
