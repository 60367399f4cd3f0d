"""Many people and interviewers at once, made quickly: consent and accounts are not what is tested here.

As a program (`python -m tests.booking.crowd INSTANCE URL NOW FIRST LAST TIMES…`) it lets the people of these numbers
try to book, each in a thread of its own, once a line comes in, and prints what became of how many.
"""

import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert, select

from portal.booking.asking import Asker
from portal.booking.availability import Windows, parse
from portal.booking.domain import Details
from portal.booking.errors import SlotTaken
from portal.booking.publishing import AvailabilityService
from portal.booking.service import BookingService
from portal.db.engine import Database
from portal.db.errors import StorageUnavailable
from portal.people.domain import Participant
from portal.people.store import ParticipantRow
from portal.settings import Settings
from portal.team.store import StaffRow
from portal.wiring import Services, build

OFFICE = parse("09:00-17:00")


def open_door(services: Services) -> BookingService:
    """Booking for everybody, whether or not she has consented."""
    booking = services.get(BookingService)
    booking._consented = lambda _person: True
    return booking


def people(services: Services, count: int, now: datetime, prefix: str = "X") -> list[Participant]:
    """Invited people."""
    with services.get(Database).transaction() as session:
        rows = [
            {"study_id": f"{prefix}-{at:05}", "group": "carer", "site": "trust-a", "language": "en", "invited_at": now}
            for at in range(count)
        ]
        session.execute(insert(ParticipantRow), rows)
        found = session.scalars(
            select(ParticipantRow).where(ParticipantRow.study_id.startswith(f"{prefix}-")).order_by(ParticipantRow.id)
        )
        return [row.as_participant() for row in found]


def interviewers(
    services: Services, count: int, now: datetime, windows: Windows = OFFICE, name: str = "i"
) -> list[int]:
    """Members with hours on every day of the week."""
    made = []
    for at in range(count):
        with services.get(Database).transaction() as session:
            row = StaffRow(
                name=f"Interviewer {at}", email=f"{name}{at}@example.org", email_digest=f"{name}{at}".encode(),
                role="researcher", password_hash="-", totp_secret="-", totp_last_step=0, joined_at=now,
            )  # fmt: skip
            session.add(row)
            session.flush()
            made.append(row.id)
        services.get(AvailabilityService).set_week(made[-1], dict.fromkeys(range(7), windows))
    return made


def attempt(booking: BookingService, person: Participant, at: datetime) -> str:
    """Hold and book as the pages do, again if the database was too busy to answer; gives what became of it."""
    for _again in range(20):
        try:
            booking.hold(person, at, Asker.herself(person))
            booking.book(person, at, Details(), Asker.herself(person))
        except SlotTaken:
            return "taken"
        except StorageUnavailable:
            continue
        return "booked"
    return "gave up"


def rush(instance: str, url: str, now: str, first: str, last: str, *times: str) -> dict[str, int]:
    """Everybody of the numbers tries for one of the times, all at once."""
    services = build(Settings(instance=Path(instance), database_url=url, demonstration=True), clock=lambda: at)
    at, booking = datetime.fromisoformat(now), open_door(services)
    with services.get(Database).reading() as session:
        rows = session.scalars(select(ParticipantRow).where(ParticipantRow.id.between(int(first), int(last))))
        crowd = [row.as_participant() for row in rows]
    wanted = [datetime.fromisoformat(one) for one in times]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()  # so that all processes start together
    with ThreadPoolExecutor(len(crowd)) as pool:
        fates = pool.map(lambda pair: attempt(booking, pair[1], wanted[pair[0] % len(wanted)]), enumerate(crowd))
        found = Counter(fates)
    services.get(Database).dispose()
    return dict(found)


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(rush(*sys.argv[1:])))
