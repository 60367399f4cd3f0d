"""Participants, their supporters and members of the team are "they": none of the texts knows who they are."""

import re

import pytest

from portal.settings import ROOT
from tests.support import pseudo

GENDERED = re.compile(r"\b(s?he|hers?|him|his|herself|himself)\b", re.IGNORECASE)
DOCUMENTS = [
    one for one in (ROOT / "portal" / "study").rglob("*") if one.suffix in {".md", ".yaml"} and one.is_file()
]  # fmt: skip


def test_the_portal_s_own_words(tmp_path):
    found = pseudo.messages(tmp_path)
    words = [form for one in found for form in (one.id if isinstance(one.id, tuple) else (one.id,))]
    assert len(words) > 1000
    assert [one for one in words if GENDERED.search(one)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: str(one.relative_to(ROOT / "portal" / "study")))
def test_the_study_s_documents(document):
    lines = document.read_text(encoding="utf-8").splitlines()
    shown = [one for one in lines if not one.lstrip().startswith(("#", "- key:")) or document.suffix == ".md"]
    assert [one for one in shown if GENDERED.search(one)] == []
