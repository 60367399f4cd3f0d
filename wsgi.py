"""Entry for a WSGI server: gunicorn wsgi:app."""

import gc

from portal.app import create_app
from portal.settings import Settings
from portal.web.logs import configure

configure()
app = create_app(Settings.from_env())
gc.freeze()  # what is made at the start stays: who looks for rubbish later need not walk through all of it again
