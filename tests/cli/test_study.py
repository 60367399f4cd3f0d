"""`portal study …` as an operator types it."""

import shutil
from datetime import date

import pytest
from click.testing import CliRunner

from portal.amendments.domain import Status
from portal.amendments.service import AmendmentService
from portal.cli import portal
from portal.db.engine import Database
from portal.settings import ROOT, Settings
from portal.study.service import StudyBook
from portal.wiring import build

BUNDLED = ROOT / "portal" / "study" / "vig"


@pytest.fixture
def run(tmp_path, monkeypatch, sqlite_template):
    """The command line on an instance that is no demonstration."""
    shutil.copytree(sqlite_template, tmp_path / "instance")
    monkeypatch.setenv("PORTAL_INSTANCE", str(tmp_path / "instance"))

    def run(*arguments):
        return CliRunner().invoke(portal, [str(one) for one in arguments], catch_exceptions=False)

    return run


def changed(tmp_path):
    folder = shutil.copytree(BUNDLED, tmp_path / "changed")
    path = folder / "study.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("removable_days: 14", "removable_days: 21"), encoding="utf-8"
    )
    return folder


def test_a_new_study_can_be_checked_at_once(run, tmp_path):
    made = run("study", "new", tmp_path / "mine")
    assert made.exit_code == 0
    checked = run("study", "lint", tmp_path / "mine")
    assert (checked.exit_code, "can be published" in checked.output) == (0, True)
    again = run("study", "new", tmp_path / "mine")
    assert (again.exit_code, "is there already" in again.output) == (1, True)


def test_old_signposts_are_told_of_by_today_s_date_or_by_another_day(run):
    assert "can be published (0 warnings)" in run("study", "lint", "--strict", "--on", "2026-11-24", BUNDLED).output
    late = run("study", "lint", "--strict", "--on", "2027-11-24", BUNDLED)
    assert (late.exit_code, "was last checked on 2026-11-24: check it again" in late.output) == (1, True)
    told = "was last checked on 2026-11-24: check it again" in run("study", "lint", BUNDLED).output
    assert told == (date.today() > date(2027, 5, 26))  # noqa: DTZ011 - as the linter has it


def test_problems_end_with_an_error(run, tmp_path):
    run("study", "new", tmp_path / "mine")
    (tmp_path / "mine" / "study.yaml").write_text("title: [", encoding="utf-8")
    for command in ("lint", "publish"):
        told = run("study", command, tmp_path / "mine")
        assert told.exit_code == 1
        assert "study.yaml:1" in told.output


@pytest.mark.parametrize("command", ["publish", "propose"])
def test_what_the_linter_calls_an_error_is_not_published(run, tmp_path, command):
    folder = shutil.copytree(BUNDLED, tmp_path / "twice")
    path = folder / "study.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("prefix: P", "prefix: C"), encoding="utf-8")
    told = run("study", command, folder, *(["--reason", "Why not."] if command == "propose" else []))
    assert (told.exit_code, "is there twice" in told.output) == (1, True)


def test_a_second_version_takes_two_people(run, tmp_path):
    refused = run("study", "publish", changed(tmp_path))
    assert refused.exit_code == 1
    assert "portal study propose" in refused.output
    put = run("study", "propose", tmp_path / "changed", "--reason", "A longer time to change one's mind.")
    assert "/workspace/amendments/1" in put.output
    services = build(Settings.from_env())
    amendment, study = services.get(AmendmentService).one(1)
    assert amendment.status(services.get(StudyBook).current().content_hash) is Status.OPEN
    assert study.withdrawal.removable_days == 21
    services.get(Database).dispose()


def test_the_first_version_again_is_fine(run):
    assert run("study", "publish", BUNDLED).exit_code == 0
