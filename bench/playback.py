"""Time from "play" to the first frame of a 1 GiB recording in Chromium, beside a small one in the same run.

Both hold the same media: a short recording whose clusters are repeated until the file has its size, written through
the real sink, served by the real application and opened with a key in the page. "Play" is pressed as soon as the key
is unlocked, so header, key, first chunks and decoding all count; unlocking itself does not.
"""

import json
import statistics
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from portal.app import create_app
from portal.audit.domain import Actor
from portal.cli.recordings.simulate import make
from portal.recordings import age
from portal.recordings.catalogue import Catalogue
from portal.recordings.domain import new_recording_id
from portal.recordings.keys.domain import NewWrap, WrapKind
from portal.recordings.keys.passphrase import seal
from portal.recordings.keys.service import KeyService
from portal.recordings.manifest import FORMAT, Manifest
from portal.recordings.sink import Sink
from portal.recordings.vault import Files
from portal.settings import Settings
from portal.team.domain import Role
from portal.wiring import Services, build

SMALL, LARGE = 8 << 20, 1 << 30
ROUNDS = 5
GOAL = 1.0
_CLUSTER, _TIME = b"\x1f\x43\xb6\x75", 0xE7


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(instance=Path(folder), demonstration=True)
        services = build(settings)
        print(json.dumps(measured(services, settings, Path(folder))))


if __name__ == "__main__":
    main()
