"""The room's scripts: their logic in Node's own test runner, and every word that they say in the pages."""

import re
import subprocess

from portal.settings import ROOT

SCRIPTS = ROOT / "static" / "js" / "room"


def test_the_logic_of_the_scripts():
    files = sorted(str(one) for one in (ROOT / "tests" / "rooms").glob("*.test.mjs"))
    done = subprocess.run(
        ["node", "--test", "--test-reporter=tap", *files],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"^# pass (\d+)", done.stdout, re.MULTILINE)[1]) >= 38


def test_every_word_that_is_said_stands_in_the_page():
    words = set()
    for template in ("_words.html", "_check.html"):
        text = (ROOT / "templates" / "rooms" / template).read_text(encoding="utf-8")
        words |= set(re.findall(r'data-word="([^"]+)"', text))
    missing = set()
    for script in SCRIPTS.glob("*.mjs"):
        for word in re.findall(r'words\("([^"]+)"', script.read_text(encoding="utf-8")):
            if word not in words:
                missing.add((script.name, word))
    assert missing == set()
