"""What is published keeps its hash under every later version of the portal.

Consents, answers and readings name documents by the hash of their canonical JSON, which is made anew from what is
stored. A field more, even one with a default, would change the hash of everything that is published: every consent
would count as given to an older form. Leave a new field out of the JSON while it has its default, and this test stays.
"""

import pytest
from pydantic import BaseModel

from portal.canonical import canonical_json, sha256_hex
from portal.study.domain import ComprehensionCheck, ConsentForm, Questionnaire, Study
from portal.study.interview import TopicGuide
from portal.study.parts import Document


def shape(model):
    """Names of all fields, down to the last, as they stand in the JSON."""
    return {name: parts(field.annotation) for name, field in sorted(model.model_fields.items())}


def parts(annotation):
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return shape(annotation)
    found = [two for one in getattr(annotation, "__args__", ()) if (two := parts(one))]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("model", "known"),
    [
        (ConsentForm, "e4e45e22a55975a6"),
        (Questionnaire, "38b1fdeb849d582e"),
        (ComprehensionCheck, "1d872f415f049116"),
        (Document, "28b7814a4181406b"),
        (TopicGuide, "6a1d4be2093a4d54"),
        (Study, "6490bdd6379385b0"),
    ],
)
def test_no_field_comes_or_goes_in_what_is_hashed(model, known):
    found = shape(model)
    assert sha256_hex(canonical_json(found))[:16] == known, found
