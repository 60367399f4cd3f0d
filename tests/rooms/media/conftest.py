"""Browsers with invented cameras and microphones, and a media process for each test."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.support.browsers import CHROMIUM
from tests.support.rooms import Gate, Media, Study, interview

DEVICES = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--autoplay-policy=no-user-gesture-required",
]


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    one = playwright.chromium.launch(executable_path=CHROMIUM, args=[*options, *DEVICES])
    yield one
    one.close()


@pytest.fixture
def media_and_gate(tmp_path) -> Iterator[tuple[Media, Study, Gate]]:
    with interview(tmp_path / "instance") as all_three:
        yield all_three


@pytest.fixture
def pages(browser) -> Iterator[list[Page]]:
    """Pages that a test opened, closed after it."""
    opened: list[Page] = []
    yield opened
    for page in opened:
        page.close()
