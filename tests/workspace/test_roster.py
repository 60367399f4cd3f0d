import pytest
from sqlalchemy import event

from portal.audit.following import Seen
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


@pytest.mark.parametrize("last_seen", [Seen(9_000, "0" * 64), Seen(1, "0" * 64)])
def test_a_trail_without_the_last_event_seen_has_everybody_derived_anew(world, last_seen):
    roster, person = Roster(world.get(Database), world.get(StudyBook)), world.participant()
    roster.everybody()
    roster._rows[0], roster._seen = None, last_seen
    assert roster.of(person.id).step is Step.CONSENT


def test_a_failure_half_way_is_not_taken_for_everybody(world, monkeypatch):
    roster, people = Roster(world.get(Database), world.get(StudyBook)), [world.participant() for _ in range(3)]
    place = roster._place

    def fails_at_the_second(number, standing):
        if roster._rows:
            raise OSError("the disk is gone")
        place(number, standing)

    monkeypatch.setattr(roster, "_place", fails_at_the_second)
    with pytest.raises(OSError, match="disk is gone"):
        roster.everybody()
    monkeypatch.undo()
    assert [one.person.id for one in roster.everybody()] == [one.id for one in people]


def test_the_newest_at_a_step_are_found_by_site(world):
    roster = Roster(world.get(Database), world.get(StudyBook))
    people = [world.participant() for _ in range(3)]
    assert roster.newest({Step.CONSENT}, None, 2) == [people[2], people[1]]
    assert roster.newest({Step.CONSENT}, {"trust-b"}, 2) == []
    assert roster.newest({Step.READY}, None, 2) == []
