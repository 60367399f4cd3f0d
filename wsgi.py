"""Entry for a WSGI server: gunicorn --preload wsgi:app."""

import gc

gc.disable()  # there is no rubbish among what is read at the start: to look for some takes a sixth of it

from portal.app import create_app  # noqa: E402
from portal.db.engine import Database  # noqa: E402
from portal.settings import Settings  # noqa: E402
from portal.web.logs import configure  # noqa: E402
from portal.wiring import build  # noqa: E402

configure()
_settings = Settings.from_env()
_services = build(_settings)
app = create_app(_settings, _services)
_services.get(Database).dispose()  # no connection is handed on to the workers that a preloading server forks
gc.freeze()  # what is made at the start stays: who looks for rubbish later need not walk through all of it again
gc.enable()
