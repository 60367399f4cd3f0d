from sqlalchemy import event, update

from portal.audit.store import AuditHead
from portal.consent.service import ConsentService, Countersigning
from portal.db.engine import Database
from portal.study.service import StudyBook
from portal.workspace.domain import Step
from portal.workspace.roster import Roster


def test_two_processes_see_each_others_changes_at_once(worlds):
    first, other = (Roster(worlds.get(Database), worlds.get(StudyBook)) for _ in range(2))
    person = worlds.participant()
    assert first.of(person.id).step is Step.CONSENT
    worlds.consent(person)
    given = worlds.get(ConsentService).state(person).given
    assert [one.step for one in other.everybody()] == [Step.COUNTERSIGN]
    declared = Countersigning("Invented", worlds.clock(), "All of it.", "known-to-service")
    worlds.get(ConsentService).countersign(given.id, declared, staff_id=worlds.member().id)
    assert first.of(person.id).step is Step.ANSWER
    assert other.of(person.id).step is Step.ANSWER


def test_only_what_changed_is_derived_anew(world):
    roster, people = Roster(world.get(Database), world.get(StudyBook)), [world.participant() for _ in range(3)]
    roster.everybody()
    seen = []

    def note(_connection, _cursor, statement, parameters, *_rest):
        if "FROM participant LEFT OUTER JOIN" in statement:
            seen.append(parameters)

    event.listen(world.get(Database).engine, "before_cursor_execute", note)
    roster.everybody()
    assert seen == []
    world.consent(people[1])
    assert [one.step for one in roster.everybody()] == [Step.CONSENT, Step.COUNTERSIGN, Step.CONSENT]
    event.remove(world.get(Database).engine, "before_cursor_execute", note)
    assert len(seen) == 1
    assert seen[0][-1] == people[1].id


def test_a_trail_that_went_back_has_everything_derived_anew(world):
    roster, person = Roster(world.get(Database), world.get(StudyBook)), world.participant()
    roster.everybody()
    roster._rows[0] = None
    with world.get(Database).transaction() as session:
        session.execute(update(AuditHead).values(seq=1))
    assert roster.of(person.id).step is Step.CONSENT
