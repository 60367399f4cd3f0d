"""The portal as the test of kills serves it: gunicorn's master has sealed one consent before its first worker starts.

A worker that takes a killed one's place so knows templates, catalogues and languages already, and people get to their
signatures sooner. No connection to a database is handed on.
"""

import gc

from portal.app import create_app
from portal.consent.domain import Signature
from portal.consent.sealing import Sealing
from portal.consent.service import ConsentService
from portal.db.engine import Database
from portal.settings import Settings
from portal.wiring import build
from tests.faults.people import People

_SHOWN = ("base", "components/", "people/", "journey/", "consent/")

_settings = Settings.from_env()
_services = build(_settings)
app = create_app(_settings, _services)
for _name in app.jinja_env.list_templates(filter_func=lambda name: name.startswith(_SHOWN)):
    app.jinja_env.get_template(_name)
_people = People(_services)
_form, _first = _people.form.content_hash, _people.next().participant
_reference = _services.get(ConsentService).give(_first, _form, Signature("Invented Person"))
if not _services.get(Sealing).seal(_reference):
    raise RuntimeError("the first consent could not be sealed")
_services.get(Database).dispose()
gc.freeze()
