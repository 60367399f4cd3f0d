"""A portal on each database for a benchmark, with a lead signed in."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyotp
from argon2 import PasswordHasher
from flask import Flask, render_template
from flask.testing import FlaskClient

from portal.app import create_app
from portal.audit.domain import Actor
from portal.clock import now
from portal.db.engine import Database
from portal.settings import Settings
from portal.team.domain import Role
from portal.team.service import TeamService
from portal.web.permissions import Permission, requires
from portal.wiring import Services, build
from tests.support.databases import Cluster

PASSWORD = "four words are plenty"
KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Bench:
    """A portal to measure."""

    kind: str
    services: Services
    app: Flask
    staff_id: int
    _secret: str

    def signed_in(self) -> FlaskClient:
        """A browser in which the lead is signed in."""
        client = self.app.test_client()
        page = client.get("/team/sign-in").get_data(as_text=True)
        token = re.findall(r'name="csrf_token" type="hidden" value="([^"]+)"', page)[-1]
        code = pyotp.TOTP(self._secret).at(int(now().timestamp()))
        fields = {"csrf_token": token, "email": "lead@example.org", "password": PASSWORD, "code": code}
        assert client.post("/team/sign-in", data=fields).status_code == 302
        return client


@contextmanager
def portal(kind: str, cluster: Cluster | None = None) -> Iterator[Bench]:
    """A fresh portal on "sqlite" or, in the cluster, on "postgresql"."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    url = ""
    if cluster is not None and kind == "postgresql":
        name = f"bench_{folder.name[-8:].lower()}"
        cluster.execute(f'CREATE DATABASE "{name}"')
        url = cluster.url(name)
    settings = Settings(instance=folder, database_url=url, demonstration=True)
    services = build(settings, hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    team = services.get(TeamService)
    token = team.invite(Role.LEAD, actor=Actor.system("bench"))
    secret = team.enrolment(token).totp_secret
    before = pyotp.TOTP(secret).at(int(now().timestamp()) - 30)
    lead = team.join(token, name="Invented Lead", email="lead@example.org", password=PASSWORD, code=before)
    app = create_app(settings, services)
    # The workspace's frame, signed in, with nothing in it.
    app.add_url_rule("/bare", "bare", requires(Permission.OWN_ACCOUNT)(lambda: render_template("workspace/base.html")))
    try:
        yield Bench(kind, services, app, lead.id, secret)
    finally:
        services.get(Database).dispose()
        shutil.rmtree(folder)
