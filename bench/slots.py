"""The page of free times over 5,000 slots: its server time as a ratio to the same page with nothing to offer.

The ratio says what the slots cost. The number of statements must not grow with the number of interviewers.
"""

import json
import logging
import re
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import structlog
from flask.testing import FlaskClient

from bench.pages import count
from portal.app import create_app
from portal.audit.domain import Actor
from portal.booking.asking import Asker
from portal.booking.availability import parse
from portal.booking.domain import day_in
from portal.booking.publishing import AvailabilityService
from portal.booking.service import BookingService
from portal.db.engine import Database
from portal.people.service import PeopleService
from portal.settings import Settings
from portal.study.service import StudyBook
from portal.team.store import StaffRow
from portal.wiring import Services, build

ROUNDS = 15
GOAL = 12.0
"""Our own goal, the plan names none."""
PAGE = "/interview/times"


def main() -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    bare, one, many = measured(0, "", 0), measured(1, "08:00-22:00", 48), measured(4, "08:00-22:00", 48)
    ratio, constant = many["ms"] / bare["ms"], one["queries"] == many["queries"]
    print(
        json.dumps(
            {
                "name": "slots", "figure": round(ratio, 2), "unit": "times",
                "against": "the page with nothing to offer",
                "goal": GOAL, "met": ratio <= GOAL and constant, "bare": bare, "one": one, "many": many,
            }
        )
    )  # fmt: skip


def measured(interviewers: int, hours: str, days: int) -> dict[str, float]:
    """Milliseconds a page (median), statements a page, and how many slots there are."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(instance=Path(folder), demonstration=True)
        services = build(settings)
        publish(services, interviewers, hours, days)
        booking = services.get(BookingService)
        booking._consented = lambda _person: True  # consent is measured with the other pages
        client = signed_in(create_app(settings, services).test_client(), services)
        person = services.get(PeopleService).by_study_id("C-0001")
        slots = len(booking.slots(person, Asker.herself(person)))
        spent = []
        for _round in range(ROUNDS):
            started = time.perf_counter()
            assert client.get(PAGE).status_code == 200
            spent.append(time.perf_counter() - started)
        queries = count(services, lambda: client.get(PAGE))
        services.get(Database).dispose()
    return {"ms": round(statistics.median(spent) * 1000, 2), "queries": queries, "slots": slots}


def publish(services: Services, interviewers: int, hours: str, days: int) -> None:
    """Members with the same hours on each of the next days."""
    studies, now = services.get(StudyBook), services.get(BookingService).now()
    rules = studies.current().study.booking.model_copy(update={"horizon_days": 60, "daily_limit": 24})
    studies.publish(studies.current().study.model_copy(update={"booking": rules}))
    for at in range(interviewers):
        with services.get(Database).transaction() as session:
            row = StaffRow(
                name=f"Interviewer {at}", email=f"i{at}@example.org", email_digest=f"i{at}".encode(),
                role="researcher", password_hash="-", totp_secret="-", totp_last_step=0, joined_at=now,
            )  # fmt: skip
            session.add(row)
            session.flush()
            number = row.id
        windows = parse(hours)
        services.get(AvailabilityService).set_days(
            number, {day_in(now) + timedelta(days=day): windows for day in range(2, 2 + days)}
        )


def signed_in(client: FlaskClient, services: Services) -> FlaskClient:
    """A client of somebody who opened her invitation."""
    invited = services.get(PeopleService).invite("carer", "trust-a", actor=Actor.system("bench"))
    door = client.get(f"/invitation/{invited.token}")
    token = re.findall(r'name="csrf_token" type="hidden" value="([^"]+)"', door.get_data(as_text=True))[-1]
    client.post(f"/invitation/{invited.token}", data={"csrf_token": token})
    return client


if __name__ == "__main__":
    main()
