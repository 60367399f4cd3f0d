"""Links between documents lead somewhere."""

import re

import pytest

from portal.settings import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
        if not target.startswith(("https://", "mailto:", "#")):
            assert (path.parent / target.split("#")[0]).exists(), target
