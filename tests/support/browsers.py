"""Debian's Chromium, driven by Playwright."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = "/usr/bin/chromium"
PATIENCE_MS = 60_000
"""What a page may take to show anything on a busy machine. Who waits goes on as soon as it is there."""
expect.set_options(timeout=PATIENCE_MS)
CAMERA = ["--use-fake-device-for-media-stream", "--disable-features=WebRtcHideLocalIpsWithMdns"]
ALLOWED = "--use-fake-ui-for-media-stream"


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """For one module: its event loop must not be there any more when another module's tests run theirs."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    yield from _launched(playwright)


@pytest.fixture(scope="module")
def caller(playwright: Playwright) -> Iterator[Browser]:
    """With an invented camera and microphone, which pages may use."""
    yield from _launched(playwright, *CAMERA, ALLOWED)


def _launched(playwright: Playwright, *options: str) -> Iterator[Browser]:
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*root, *options])
    yield browser
    browser.close()


def axe_violations(page: Page) -> list[str]:
    """What axe-core finds wrong on the page."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]
