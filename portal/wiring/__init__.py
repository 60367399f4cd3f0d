"""The one place that builds services and hands a feature the questions it may ask another."""

from portal.wiring.opened import opened as opened
from portal.wiring.services import Services as Services
from portal.wiring.services import build as build
from portal.wiring.services import keyring as keyring
from portal.wiring.services import open_database as open_database
from portal.wiring.services import personal_keys as personal_keys
from portal.wiring.services import worker as worker
