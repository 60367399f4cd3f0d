"""Every audit event that the portal declares has words on the audit trail's page."""

import importlib
import pkgutil

import portal
from portal.audit.domain import EventKind
from portal.trail.words import FIELDS, KINDS, PARTS


def declared():
    for module in pkgutil.walk_packages(portal.__path__, "portal."):
        if module.name.endswith(".events"):
            yield from (one for one in vars(importlib.import_module(module.name)).values() if type(one) is EventKind)


def test_each_kind_and_each_field_has_its_words():
    kinds = {one.name: one.fields for one in declared()}
    assert len(kinds) > 90
    assert {name for name in kinds if name not in KINDS} == set(), "give them words in portal/trail/words.py"
    assert {name.partition(".")[0] for name in kinds} - PARTS.keys() == set()
    assert {name for fields in kinds.values() for name in fields} - FIELDS.keys() == set()
