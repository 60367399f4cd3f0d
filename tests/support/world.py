"""A whole portal for a test: services on a fresh database, a clock that stands still, messages in a list."""

import itertools
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

import pyotp
import pytest
from argon2 import PasswordHasher
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache

from portal.app import create_app
from portal.audit.domain import Actor
from portal.clock import london_day
from portal.consent.domain import Signature, StatementAnswer
from portal.consent.readings import Readings
from portal.consent.sealing import Sealing
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.delegation.domain import Task
from portal.delegation.service import DelegationService, delegable
from portal.people.domain import Invited, Participant
from portal.people.service import PeopleService
from portal.settings import Settings
from portal.study.service import StudyBook
from portal.team.domain import Member, Role
from portal.team.service import TeamService
from portal.wiring import Services, build
from tests.support.client import PageClient
from tests.support.databases import Cluster
from tests.support.post import Post, text_of

ACTOR = Actor.system("test")
PASSWORD = "four words are plenty"
FAST = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
T = TypeVar("T")
_numbers = itertools.count()


@dataclass
class StandingClock:
    """The time, until a test moves it."""

    at: datetime = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


class _Compiled(BytecodeCache):
    """Templates that this process has compiled: each test makes an application, and all of them have the same."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._known:
            bucket.bytecode_from_string(self._known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.bytecode_to_string()


_compiled = _Compiled()


@dataclass
class World:
    """The portal and everybody in it."""

    settings: Settings
    services: Services
    clock: StandingClock
    sent: list[EmailMessage]
    post: Post
    secrets: dict[int, str] = field(default_factory=dict)
    _app: Flask | None = None

    @property
    def app(self) -> Flask:
        if self._app is None:
            self._app = create_app(self.settings, self.services)
            self._app.jinja_env.bytecode_cache = _compiled
        return self._app

    def client(self) -> PageClient:
        return PageClient(self.app)

    def get(self, kind: type[T]) -> T:
        return self.services.get(kind)

    def invite(self, group: str = "carer", site: str = "trust-a") -> Invited:
        return self.get(PeopleService).invite(group, site, actor=ACTOR)

    def participant(self, group: str = "carer") -> Participant:
        """Somebody who has read the sheet."""
        person = self.invite(group).participant
        sheet = self.get(StudyBook).current().study.documents[group].information_sheet
        self.get(Readings).note(person, sheet.content_hash)
        return person

    def answers(self, person: Participant, **no: bool) -> None:
        consents = self.get(ConsentService)
        _, form = consents.form(person)
        given = {one.key: StatementAnswer(no.get(one.key.replace("-", "_"), True), "IP") for one in form.statements}
        consents.answer(person, form.content_hash, given)

    def consent(self, person: Participant, name: str = "Invented Person", **no: bool) -> str:
        consents = self.get(ConsentService)
        self.answers(person, **no)
        _, form = consents.form(person)
        return consents.give(person, form.content_hash, Signature(name))

    def sealed(self, person: Participant) -> str:
        reference = self.consent(person)
        assert self.get(Sealing).seal(reference)
        return reference

    def member(
        self, role: Role = Role.RESEARCHER, *, sites: Iterable[str] | None = None, delegated: bool = True
    ) -> Member:
        """Somebody who has joined; a researcher with every task delegated to her unless told otherwise."""
        team = self.get(TeamService)
        token = team.invite(role, actor=ACTOR, sites=sites)
        secret = team.enrolment(token).totp_secret
        email = f"{role.value}{len(team.members())}@example.org"
        member = team.join(token, name=f"Invented {role.value}", email=email, password=PASSWORD, code=self.code(secret))
        self.secrets[member.id] = secret
        if delegated and delegable(role):
            today = london_day(self.clock())
            self.get(DelegationService).sign(member, Task, today, None, actor=ACTOR)
        self.clock.forward(seconds=60)  # so that the next code is a fresh one
        return member

    def code(self, secret: str) -> str:
        return pyotp.TOTP(secret).at(self.clock())

    def staff_client(
        self, role: Role = Role.RESEARCHER, *, sites: Iterable[str] | None = None, delegated: bool = True
    ) -> PageClient:
        return self.sign_in(self.member(role, sites=sites, delegated=delegated))

    def sign_in(self, member: Member) -> PageClient:
        client = self.client()
        page = client.get("/team/sign-in")
        fields = {"email": member.email, "password": PASSWORD, "code": self.code(self.secrets[member.id])}
        client.submit(page, fields, form=0)  # beside it may be one for a passkey
        return client

    def participant_client(self, group: str = "carer") -> tuple[PageClient, Invited]:
        invited, client = self.invite(group), self.client()
        client.submit(client.get(f"/invitation/{invited.token}"), {})
        return client, invited

    def codes(self) -> list[str]:
        found = (re.search(r"Your code is (\d{6})", text_of(one)) for one in self.sent)
        return [one[1] for one in found if one]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance with schema, keys and the study published, copied for each test."""
    folder = tmp_path_factory.mktemp("template")
    build(Settings(instance=folder, demonstration=True), hasher=FAST).get(Database).dispose()
    return folder


@pytest.fixture(scope="session")
def postgresql_template(cluster: Cluster, sqlite_template: Path) -> str:
    cluster.execute("CREATE DATABASE template_portal")
    settings = Settings(instance=sqlite_template, database_url=cluster.url("template_portal"), demonstration=True)
    build(settings, hasher=FAST).get(Database).dispose()
    return "template_portal"


_WITHOUT_PASSKEYS = "http://127.0.0.1:8080"
"""A browser makes passkeys for names only, so a portal at a number leaves their forms out of its pages."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def both(request: pytest.FixtureRequest) -> str:
    """Makes a test run on both databases."""
    return str(request.param)


@pytest.fixture
def make_world(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path
) -> Iterator[Callable[[str], World]]:
    opened: list[World] = []

    def make(kind: str, **more: object) -> World:
        """`more`: settings that differ from a demonstration's."""
        instance, url = tmp_path / "instance", ""
        shutil.copytree(sqlite_template, instance)
        if kind == "postgresql":
            template = request.getfixturevalue("postgresql_template")
            cluster: Cluster = request.getfixturevalue("cluster")
            name = f"test_{next(_numbers)}"
            cluster.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            url = cluster.url(name)
        common = Settings(instance=instance, database_url=url, demonstration=True, public_url=_WITHOUT_PASSKEYS)
        settings = replace(common, **more)
        clock, post = StandingClock(), Post([])
        services = build(settings, clock=clock, sender=post, hasher=FAST)
        opened.append(World(settings, services, clock, post.emails, post))
        return opened[-1]

    yield make
    for one in opened:
        one.get(Database).dispose()


@pytest.fixture
def world(make_world: Callable[[str], World]) -> World:
    """On SQLite."""
    return make_world("sqlite")


@pytest.fixture
def worlds(make_world: Callable[[str], World], both: str) -> World:
    """The same test on SQLite and on PostgreSQL."""
    return make_world(both)
