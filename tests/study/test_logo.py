"""The sponsor's logo comes from the study's folder and shows in the header."""

import base64
import shutil
import struct

import pytest

from portal.settings import ROOT
from portal.study.errors import StudyFileError
from portal.study.loader import load
from portal.study.service import StudyBook

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def folder(tmp_path):
    made = shutil.copytree(ROOT / "portal" / "study" / "vig", tmp_path / "study")
    path = made / "study.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('colour: "#7a1f3d"', 'colour: "#7a1f3d"\n  logo: logo.png'), encoding="utf-8")
    (made / "logo.png").write_bytes(DOT)
    return made


def test_it_shows_in_the_header(world, folder):
    assert "app-header__logo" not in world.client().get("/").text
    assert world.client().file("/brand-logo.png").status_code == 404
    world.get(StudyBook).publish(load(folder))
    assert "app-header__logo" in world.client().get("/").text
    answer = world.client().file("/brand-logo.png")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/png", DOT)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg onload=alert(1)>",
        DOT[:20],
        b"x" * 100_001,
        DOT[:16] + struct.pack(">II", 99_999, 1) + DOT[24:],
    ],
    ids=["empty", "another kind", "cut", "large", "wide"],
)
def test_what_is_no_small_png_is_refused(folder, content):
    (folder / "logo.png").write_bytes(content)
    with pytest.raises(StudyFileError, match=r"study\.yaml:\d+: error: sponsor\.logo"):
        load(folder)


@pytest.mark.parametrize("name", ["../logo.png", "/etc/passwd", "nowhere.png"])
def test_it_lies_beside_the_study(folder, name):
    path = folder / "study.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("logo: logo.png", f"logo: {name}"), encoding="utf-8")
    with pytest.raises(StudyFileError, match=r"sponsor\.logo"):
        load(folder)
