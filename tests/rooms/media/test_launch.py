"""How the media process is started: its memory lies in large pages, and what the operator has set stays."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portal.rooms.media.launch import environment
from portal.settings import ROOT
from tests.support.rooms import PATIENCE

LARGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@pytest.mark.parametrize(
    ("given", "tunables"),
    [
        ({}, "glibc.malloc.hugetlb=1"),
        ({"GLIBC_TUNABLES": ""}, "glibc.malloc.hugetlb=1"),
        ({"GLIBC_TUNABLES": "glibc.malloc.check=1"}, "glibc.malloc.check=1:glibc.malloc.hugetlb=1"),
        ({"GLIBC_TUNABLES": "glibc.malloc.hugetlb=0"}, "glibc.malloc.hugetlb=0"),
    ],
)
def test_the_operator_s_settings_stay(given, tunables):
    assert environment({"PORTAL_INSTANCE": "/srv", **given}) == {
        "PORTAL_INSTANCE": "/srv",
        "PYTHONMALLOC": "malloc",
        "GLIBC_TUNABLES": tunables,
    }


def test_the_operator_may_choose_python_s_own_memory():
    assert environment({"PYTHONMALLOC": "pymalloc"})["PYTHONMALLOC"] == "pymalloc"


def test_its_memory_is_in_large_pages(media_and_gate):
    media, _, _ = media_and_gate
    if not LARGE_PAGES.exists() or "[never]" in LARGE_PAGES.read_text():
        pytest.skip("this kernel gives no large pages")
    rollup = Path(f"/proc/{media.process.pid}/smaps_rollup").read_text().splitlines()
    large = next(int(line.split()[1]) for line in rollup if line.startswith("AnonHugePages:"))
    assert large > 8_000


def test_the_command_starts_it_so(tmp_path):
    settings = {"PORTAL_INSTANCE": str(tmp_path), "PORTAL_PUBLIC_URL": "http://127.0.0.1:8080"}
    given = {
        key: value for key, value in os.environ.items() if not key.startswith(("PORTAL_", "PYTHONMALLOC", "GLIBC"))
    }
    with subprocess.Popen([sys.executable, "-m", "portal", "media"], cwd=ROOT, env=given | settings) as process:
        try:
            until = time.monotonic() + PATIENCE
            while not (tmp_path / "media.sock").exists() and process.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
            assert b"PYTHONMALLOC=malloc" in Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
        finally:
            process.terminate()
