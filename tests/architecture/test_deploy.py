"""What deployments are made of names what there is: settings, commands and folders."""

import re
from dataclasses import fields
from pathlib import Path

import click
import pytest
import yaml

from portal.cli import portal
from portal.settings import ROOT, Settings

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
UNITS = sorted((ROOT / "docs" / "deploy").glob("*.service"))
OURS = {name: one for name, one in COMPOSE["services"].items() if "build" in one}
SETTINGS = {f"PORTAL_{one.name.upper()}" for one in fields(Settings)}


def test_the_composition_sets_what_is_a_setting():
    assert OURS.keys() == {"web", "worker", "media"}
    for one in OURS.values():
        assert {name for name in one["environment"] if name.startswith("PORTAL_")} <= SETTINGS


@pytest.mark.parametrize("name", OURS)
def test_each_container_may_write_to_volumes_alone_and_has_no_rights(name):
    one = OURS[name]
    assert (one["read_only"], one["cap_drop"], one["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
    folders = {volume.rpartition(":")[2] for volume in one["volumes"]}
    made = re.findall(r"install -d -o portal -m 0700 (.*)", (ROOT / "Dockerfile").read_text())[0].split()
    assert folders <= set(made)
    assert one["environment"]["PORTAL_BACKUP_TO"] in {"", *folders}


def test_each_container_s_command_is_one_of_the_image_s():
    known = re.findall(r"^  ([a-z |]+)\)", (ROOT / "requirements" / "container").read_text(), re.MULTILINE)
    assert {one["command"] for one in OURS.values()} == {name for line in known for name in line.split(" | ")}


def test_the_files_with_secrets_are_left_out_of_git_and_of_the_image():
    for ignored in (".gitignore", ".dockerignore"):
        assert {".env", "portal.env"} <= set((ROOT / ignored).read_text().split()), ignored


@pytest.mark.parametrize("unit", UNITS, ids=lambda one: one.stem)
def test_each_unit_starts_what_there_is(unit: Path):
    text = unit.read_text()
    [command] = re.findall(r"^ExecStart=(.*)", text, re.MULTILINE)
    assert "gunicorn wsgi:app" in command or portal.get_command(click.Context(portal), command.rsplit(" ", 1)[1])
    assert set(re.findall(r"PORTAL_[A-Z_]+", text)) <= SETTINGS
