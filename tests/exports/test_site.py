"""A site file is of its site: the interviews and recordings of its participants, and the delegations of its members."""

import json
from datetime import timedelta

import pytest

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import london_day
from portal.consent.readings import Readings
from portal.db.engine import Database
from portal.delegation.domain import Task
from portal.delegation.service import DelegationService
from portal.exports.domain import ExportKind
from portal.exports.service import ExportService
from portal.recordings.domain import new_recording_id
from portal.recordings.events import PLAYED
from portal.recordings.store import RecordingRow
from portal.rooms.service import RoomService
from portal.study.service import StudyBook
from portal.team.domain import Role
from portal.team.service import TeamService
from portal.team.store import StaffRow
from tests.exports.test_export import opened, table, wish
from tests.support.world import ACTOR


def consented(world, site):
    person = world.invite(site=site).participant
    sheet = world.get(StudyBook).current().study.documents["carer"].information_sheet
    world.get(Readings).note(person, sheet.content_hash)
    return person, world.consent(person)


def interviewed(world, site, member):
    """Somebody of the site with a recorded interview: how events name what is hers."""
    person, reference = consented(world, site)
    room, recording = world.get(RoomService).open_by_hand(person, staff_id=member.id), new_recording_id()
    with world.get(Database).transaction() as session:
        session.add(
            RecordingRow(
                id=recording, room=room.code, study_version="", opened_at=world.clock(), duration_ms=61_000,
                ended=True, interrupted=False, discarded=False, recipients=[], head="", manifest_bytes=1, told=[],
                problems=[], catalogued_at=world.clock(), away=False,
            )
        )  # fmt: skip
    for subject in (f"recording:{recording}", f"receipt:{reference}"):
        world.get(AuditLog).note(PLAYED, actor=Actor.staff(member.id), subject=subject)
    return {person.subject, room.subject, f"recording:{recording}", f"receipt:{reference}"}


@pytest.fixture
def lead(worlds):
    return worlds.member(Role.LEAD)


def site_file(world, lead, sites):
    return opened(b"".join(world.get(ExportService).start(wish(ExportKind.SITE_FILE, lead), sites)))


def test_the_extract_holds_the_site_s_rooms_recordings_and_receipts(worlds, lead):
    here, there = interviewed(worlds, "trust-a", lead), interviewed(worlds, "trust-b", lead)

    def subjects(sites):
        lines = site_file(worlds, lead, sites)["audit-extract.jsonl"].decode().splitlines()
        return {json.loads(one)["subject"] for one in lines}

    assert subjects(["trust-a"]) >= here
    assert subjects(["trust-a"]) & there == set()
    assert subjects(None) >= here | there


def logged(world, lead, sites):
    return [one["member"] for one in table(site_file(world, lead, sites)["delegation-log.csv"])]


def delegated(world, name, sites, **days):
    """Somebody with one task, for some days from today or for good."""
    member, team = world.member(sites=sites, delegated=False), world.get(TeamService)
    with world.get(Database).transaction() as session:
        session.get_one(StaffRow, member.id).name = name
    today = london_day(world.clock())
    last = today + timedelta(**days) if days else None
    world.get(DelegationService).sign(team.member(member.id), [Task.CONSENT], today, last, actor=ACTOR)
    return member


def test_the_log_holds_who_worked_at_the_site(worlds, lead):
    worlds.consent(worlds.participant())
    delegated(worlds, "Of A", ["trust-a"])
    delegated(worlds, "Of B", ["trust-b"])
    delegated(worlds, "Of all", None)
    assert logged(worlds, lead, ["trust-a"]) == ["Of A", "Of all"]
    assert logged(worlds, lead, ["trust-a", "trust-b"]) == logged(worlds, lead, None) == ["Of A", "Of B", "Of all"]


def test_who_went_to_another_site_stays_in_the_log_of_the_first(worlds, lead):
    for site in ("trust-a", "trust-b"):
        consented(worlds, site)
    team, log = worlds.get(TeamService), worlds.get(DelegationService)
    moved = delegated(worlds, "Moved", ["trust-a"])
    ended = delegated(worlds, "Ended before", ["trust-b"], days=3)
    worlds.clock.forward(days=10)
    team.change(moved.id, Role.RESEARCHER, ["trust-b"], actor=Actor.staff(lead.id))
    team.change(ended.id, Role.RESEARCHER, ["trust-a"], actor=Actor.staff(lead.id))
    worlds.clock.forward(days=1)
    assert logged(worlds, lead, ["trust-a"]) == ["Moved"]
    later = london_day(worlds.clock())
    log.sign(team.member(moved.id), [Task.INTERVIEW], later, None, actor=ACTOR)
    assert logged(worlds, lead, ["trust-a"]) == ["Moved"]
    assert logged(worlds, lead, ["trust-b"]) == ["Moved", "Ended before", "Moved"]


def test_a_study_whose_members_see_all_has_one_log(worlds, lead):
    worlds.consent(worlds.participant())
    delegated(worlds, "Of B", ["trust-b"])
    book = worlds.get(StudyBook)
    book.publish(book.current().study.model_copy(update={"sites_apart": False}))
    assert logged(worlds, lead, ["trust-a"]) == ["Of B"]
