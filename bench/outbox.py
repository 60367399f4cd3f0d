"""10,000 messages through a real SMTP server, against a plain program that builds and sends the same with smtplib.

Both send text and HTML over one connection to the same server (aiosmtpd, in a process of its own), in alternating
slices of one run. Ours also looks up each person's choices, renders, opens and seals columns, and writes down before
each handful that it is being sent and afterwards that it was, so that nobody gets one twice.
"""

import json
import logging
import multiprocessing
import smtplib
import socket
import tempfile
import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import formatdate, make_msgid
from pathlib import Path

import structlog
from aiosmtpd.controller import Controller
from sqlalchemy import func, select

from portal.audit.domain import Actor
from portal.db.engine import Database
from portal.messages.domain import SafeHours
from portal.messages.service import Outbox
from portal.messages.store import OutboxMessage
from portal.people.contact import ContactService
from portal.people.domain import ContactChoices
from portal.people.service import PeopleService
from portal.settings import Settings
from portal.wiring import Services, build

MESSAGES, PEOPLE, SLICES = 10_000, 100, 10
GOAL = 3.0


class Counter:
    """The server's handler: reads everything, keeps nothing."""

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802 - the library calls it so
        return "250 OK" if envelope.original_content else "554 empty"


def serve(port: int, ready, stop) -> None:
    controller = Controller(Counter(), hostname="127.0.0.1", port=port)
    controller.start()
    ready.set()
    stop.wait()
    controller.stop()


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    ready, stop = context.Event(), context.Event()
    server = context.Process(target=serve, args=(port, ready, stop))
    server.start()
    try:
        ready.wait(30)
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(Path(folder), port)))
    finally:
        stop.set()
        server.join(10)


def measure(folder: Path, port: int) -> dict[str, object]:
    settings = Settings(instance=folder, demonstration=True, smtp_url=f"smtp://127.0.0.1:{port}")
    services = build(settings)
    subjects = cast(services)
    ours, plain, sample = 0.0, 0.0, example(services, subjects[0], folder)
    for number in range(SLICES):
        queue(services, subjects, number)
        ours += took(lambda: drain(services))
        plain += took(lambda: plainly(port, sample, MESSAGES // SLICES))
    with services.get(Database).reading() as session:
        sent = session.scalar(select(func.count()).where(OutboxMessage.outcome == "sent"))
    services.get(Database).dispose()
    ratio = ours / plain
    return {
        "name": "outbox", "figure": round(ratio, 2), "unit": "times", "goal": GOAL,
        "met": ratio <= GOAL and sent == MESSAGES, "sent": sent,
        "against": "a plain program building and sending the same messages with smtplib, same run",
        "ours_per_second": round(MESSAGES / ours), "plain_per_second": round(MESSAGES / plain),
    }  # fmt: skip


def cast(services: Services) -> list[str]:
    """People with addresses, who may be written to now."""
    people, found = services.get(PeopleService), []
    for number in range(PEOPLE):
        person = people.invite("carer", "trust-a", actor=Actor.system("bench")).participant
        people.set_email(person.id, f"person{number}@example.org")
        services.get(ContactService).save(person.id, ContactChoices(hours=SafeHours(0, 24)))
        found.append(person.subject)
    return found


def queue(services: Services, subjects: list[str], number: int) -> None:
    """A slice of messages; the kind has no small cap, since each person gets a hundred of them."""
    with services.get(Database).transaction() as session:
        for at in range(MESSAGES // SLICES):
            services.get(Outbox).queue(
                session, template="team_booking", to=subjects[at % PEOPLE], key=f"bench:{number}:{at}",
                context={"starts_at": "2026-12-01T10:00:00+00:00", "ends_at": "2026-12-01T11:00:00+00:00"},
            )  # fmt: skip


def drain(services: Services) -> None:
    """As many turns of the worker as it takes."""
    while services.get(Outbox).send_due():
        pass


def example(services: Services, subject: str, folder: Path) -> EmailMessage:
    """One of the messages, taken from the file sender."""
    settings = Settings(instance=folder, demonstration=True)
    files = build(settings)
    with files.get(Database).transaction() as session:
        files.get(Outbox).queue(
            session, template="team_booking", to=subject, key="bench:example",
            context={"starts_at": "2026-12-01T10:00:00+00:00", "ends_at": "2026-12-01T11:00:00+00:00"},
        )  # fmt: skip
    files.get(Outbox).send_due()
    files.get(Database).dispose()
    (path,) = (folder / "outbox").glob("*.eml")
    with services.get(Database).transaction() as session:
        session.delete(session.scalars(select(OutboxMessage).where(OutboxMessage.key == "bench:example")).one())
    return message_from_bytes(path.read_bytes(), policy=default)


def plainly(port: int, sample: EmailMessage, times: int) -> None:
    """What the standard library takes to put the same words together and send them, over one connection."""
    text, html = (str(sample.get_body((kind,)).get_content()) for kind in ("plain", "html"))
    with smtplib.SMTP("127.0.0.1", port) as server:
        for number in range(times):
            message = EmailMessage()
            message["From"], message["To"] = str(sample["From"]), f"person{number % PEOPLE}@example.org"
            message["Subject"], message["Date"] = str(sample["Subject"]), formatdate()
            message["Message-ID"] = make_msgid(domain="example.org")
            message.set_content(text)
            message.add_alternative(html, subtype="html")
            server.send_message(message)


def took(act) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
