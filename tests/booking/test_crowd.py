"""Two hundred people at once, in several processes, on both databases: nobody is double-booked."""

import json
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from itertools import pairwise

from sqlalchemy import func, select, text

from portal.booking.store import ClaimRow, HoldRow, LiveRow
from portal.db.engine import Database
from portal.settings import ROOT
from tests.booking.conftest import utc
from tests.booking.crowd import interviewers, open_door, people

PEOPLE, PROCESSES, INTERVIEWERS = 200, 2, 2
TIMES = [utc(f"2026-12-01 {one}").isoformat() for one in ("09:00", "10:30", "12:00", "13:30")]


def test_two_hundred_tries_book_what_there_is_and_nothing_twice(worlds):
    now = worlds.clock()
    crowd = people(worlds.services, PEOPLE, now)
    interviewers(worlds.services, INTERVIEWERS, now)
    share, first = PEOPLE // PROCESSES, crowd[0].id
    common = [str(worlds.settings.instance), worlds.settings.database_url, now.isoformat()]
    running = [
        program(*common, str(first + at * share), str(first + (at + 1) * share - 1), *TIMES) for at in range(PROCESSES)
    ]
    for one in running:
        while one.stdout.readline().strip() != b"ready":
            assert one.poll() is None, one.stderr.read().decode()[-2000:]
    for one in running:
        one.stdin.write(b"go\n")
        one.stdin.flush()
    answers = [(*one.communicate(timeout=200), one.returncode) for one in running]
    fates: Counter[str] = Counter()
    for out, errors, code in answers:
        assert code == 0, errors.decode()[-2000:]
        fates.update(json.loads(out.decode().rsplit("\n", 1)[1]))
    assert fates == {"booked": INTERVIEWERS * len(TIMES), "taken": PEOPLE - INTERVIEWERS * len(TIMES)}
    whole(worlds, INTERVIEWERS * len(TIMES))


def program(*arguments):
    command = [sys.executable, "-m", "tests.booking.crowd", *arguments]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(command, cwd=ROOT, **pipes)


def whole(world, bookings):
    """What must hold of the tables, asked in plain SQL."""
    found = open_door(world.services).between(utc("2026-11-01 00:00"), utc("2027-02-01 00:00"))
    live = [one for one in found if one.cancelled_at is None]
    assert len(live) == bookings
    assert len({one.participant_id for one in live}) == bookings
    by_interviewer: dict[int, list] = {}
    for one in live:
        by_interviewer.setdefault(one.interviewer_ids[0], []).append(one)
    for mine in by_interviewer.values():
        for before, after in pairwise(mine):
            assert before.ends_at + timedelta(minutes=15) <= after.starts_at
    with world.get(Database).reading() as session:
        assert session.scalar(select(func.count()).select_from(LiveRow)) == bookings
        assert session.scalar(select(func.count()).select_from(HoldRow)) == 0
        assert session.scalar(select(func.count()).select_from(ClaimRow)) == bookings * 15
        stray = text("SELECT count(*) FROM booking_claim WHERE booking_id NOT IN (SELECT booking_id FROM booking_live)")
        assert session.scalar(stray) == 0
