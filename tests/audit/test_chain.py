import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.audit.domain import Actor, EventKind, UndeclaredField
from portal.audit.service import AuditLog
from portal.db.engine import Database

KIND = EventKind("test.done", frozenset({"number"}))
ACTOR = Actor.system("test")


def fill(world, many=5):
    log = world.get(AuditLog)
    return [log.note(KIND, actor=ACTOR, subject="thing:1", number=number) for number in range(many)]


def test_an_untouched_chain_holds(worlds):
    fill(worlds)
    verdict = worlds.get(AuditLog).verify()
    assert (verdict.problem, verdict.events) == (None, 5)


def test_the_database_refuses_changes_and_removals(worlds):
    fill(worlds)
    for statement in ("UPDATE audit_event SET actor = 'x'", "DELETE FROM audit_event WHERE seq = 3"):
        with pytest.raises(DBAPIError, match="only ever added"), worlds.get(Database).transaction() as session:
            session.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit_event SET subject = 'thing:2' WHERE seq = 3", "event 3 was changed"),
        ("DELETE FROM audit_event WHERE seq = 3", "event 3 is missing"),
        ("DELETE FROM audit_event WHERE seq = 5", "the chain ends at event 4"),
    ],
)
def test_what_gets_past_the_triggers_still_shows(world, statement, problem):
    fill(world)
    with world.get(Database).transaction() as session:
        session.execute(text("DROP TRIGGER audit_event_no_update"))
        session.execute(text("DROP TRIGGER audit_event_no_delete"))
        session.execute(text(statement))
    assert problem in world.get(AuditLog).verify().problem


def test_a_cut_and_mended_chain_is_betrayed_by_an_anchor(world):
    entries = fill(world)
    with world.get(Database).transaction() as session:
        session.execute(text("DROP TRIGGER audit_event_no_delete"))
        session.execute(text("DELETE FROM audit_event WHERE seq = 5"))
        session.execute(text("UPDATE audit_head SET seq = 4, hash = :hash"), {"hash": entries[3].hash})
    log = world.get(AuditLog)
    assert log.verify().problem is None
    assert "the chain was cut" in log.verify({5: entries[4].hash}).problem


def test_a_wrong_field_is_refused_and_nothing_recorded(world):
    with pytest.raises(UndeclaredField):
        world.get(AuditLog).note(KIND, actor=ACTOR, subject="x", name="somebody")
    assert world.get(AuditLog).verify().events == 0


def test_an_event_is_gone_with_the_transaction_that_failed(worlds):
    def fail():
        with worlds.get(Database).transaction() as session:
            worlds.get(AuditLog).record(session, KIND, actor=ACTOR, subject="x", number=1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert worlds.get(AuditLog).verify().events == 0
