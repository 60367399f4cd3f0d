"""What `portal up`, and a web server that preloads, hand on to their children: all that was read, and no connection."""

import os
import runpy
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, event

from portal.cli import up
from portal.cli.supervisor import Fork
from portal.db.engine import Database
from portal.settings import ROOT


def open_files(folder: Path) -> list[str]:
    """Which files of the folder this process has open."""
    names = (one.readlink() for one in Path("/proc/self/fd").iterdir() if one.is_symlink())
    return [str(one) for one in names if one.is_relative_to(folder)]


def test_no_connection_is_handed_on_to_web_and_worker(world, monkeypatch):
    built = []

    def build(settings):
        built.append(world.services)
        return world.services

    monkeypatch.setattr(up, "build", build)
    world.sealed(world.participant())
    assert open_files(world.settings.instance)
    up._prepare(replace(world.settings, demonstration=False))
    assert built
    assert open_files(world.settings.instance) == []


def test_no_connection_is_handed_on_to_workers_that_a_server_forks(world, monkeypatch):
    def load():
        opened = []
        event.listen(Engine, "connect", lambda *_: opened.append(1))
        app = runpy.run_path(str(ROOT / "wsgi.py"))["app"]
        assert opened
        assert open_files(world.settings.instance) == []
        assert app.test_client().get("/healthz").status_code == 200

    for name in [one for one in os.environ if one.startswith("PORTAL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PORTAL_INSTANCE", str(world.settings.instance))
    monkeypatch.setenv("PORTAL_DEMONSTRATION", "yes")
    world.get(Database).dispose()
    assert Fork(load).wait(60) == 0


def test_web_and_worker_begin_with_what_is_read_and_media_with_its_own_environment(world):
    web, worker, media = up._children(world.settings, 2)
    assert callable(web.command)
    assert callable(worker.command)
    assert media.environment["PYTHONMALLOC"] == "malloc"
    assert (web.returns, worker.returns, media.returns) == (False, False, True)
