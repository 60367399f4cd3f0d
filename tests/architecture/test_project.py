"""Rules of the project that no other tool checks."""

import ast
import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from portal.settings import ROOT, Settings
from tests.architecture.routes import PINNED, listed

SOURCES = [path for path in (ROOT / "portal").rglob("*.py") if "migrations" not in path.parts]
TEMPLATES = list((ROOT / "templates").rglob("*.html"))


def tracked() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).exists()]


def test_routes_and_their_permissions_are_as_pinned(world):
    assert listed(world.app) == PINNED.read_text(encoding="utf-8"), "run `make routes` and read what changed"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_stay_small(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


def test_every_setting_is_documented():
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [one.name for one in fields(Settings) if f"`PORTAL_{one.name.upper()}`" not in text] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_use_the_macros_they_import(path):
    text = path.read_text(encoding="utf-8")
    for names in re.findall(r"{% from \"[^\"]+\" import ([^%]+?) %}", text):
        unused = [name for name in names.split(", ") if len(re.findall(rf"\b{name}\(", text)) == 0]
        assert unused == []


def test_no_tracked_file_names_a_package_address_or_this_machine():
    address = re.compile(
        r"https?://[^ \"']+(\.whl|\.tgz|\.tar\.gz|/simple/?)([^A-Za-z]|$)|^ *\"resolved\":", re.MULTILINE
    )
    # Where a developer keeps her work, on any machine: what a document names instead is a place to install to.
    home = re.compile(r"(^|[\s\"'(=`])/(home|root|work|Users)/", re.MULTILINE)
    for path in tracked():
        if path.suffix in (".png", ".pdf"):
            continue
        text = path.read_text(encoding="utf-8")
        assert not address.search(text), path
        assert not home.search(text), path
