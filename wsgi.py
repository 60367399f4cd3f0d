"""Entry for a WSGI server: gunicorn wsgi:app."""

from portal.app import create_app
from portal.settings import Settings
from portal.web.logs import configure

configure()
app = create_app(Settings.from_env())
