"""Entry for a WSGI server: gunicorn wsgi:app."""

import gc

gc.disable()  # there is no rubbish among what is read at the start: to look for some takes a sixth of it

from portal.app import create_app  # noqa: E402
from portal.settings import Settings  # noqa: E402
from portal.web.logs import configure  # noqa: E402

configure()
app = create_app(Settings.from_env())
gc.freeze()  # what is made at the start stays: who looks for rubbish later need not walk through all of it again
gc.enable()
