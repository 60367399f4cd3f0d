"""A client that checks every page it gets, and fills in forms as a person would."""

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_X = "{http://www.w3.org/1999/xhtml}"


class Page:
    """An HTML page, parsed strictly."""

    def __init__(self, address: str, answer: TestResponse) -> None:
        self.address, self.status, self.text = address, answer.status_code, answer.get_data(as_text=True)
        parser = html5lib.HTMLParser(strict=False, tree=html5lib.getTreeBuilder("etree"))
        self.tree: Element = parser.parse(self.text)
        self.parse_errors = [error for error in parser.errors if error[1] not in ("expected-doctype-but-got-chars",)]

    def all(self, tag: str) -> list[Element]:
        return list(self.tree.iter(f"{_X}{tag}"))

    def words(self, tag: str) -> list[str]:
        return [" ".join("".join(one.itertext()).split()) for one in self.all(tag)]

    @property
    def title(self) -> str:
        return self.words("title")[0]

    @property
    def heading(self) -> str:
        return self.words("h1")[0]

    def links(self) -> list[str]:
        return [str(one.get("href")) for one in self.all("a")]

    def form_values(self, form: Element) -> dict[str, str]:
        values = {}
        for field in form.iter(f"{_X}input"):
            kind, name = field.get("type", "text"), field.get("name")
            if name and (kind not in ("radio", "checkbox") or field.get("checked") is not None):
                values[name] = field.get("value", "")
        for area in form.iter(f"{_X}textarea"):
            values[str(area.get("name"))] = "".join(area.itertext())
        return values


class PageClient:
    """Follows redirects; asserts of each page what must hold for all of them."""

    def __init__(self, app: Flask) -> None:
        self.raw: FlaskClient = app.test_client()

    def get(self, address: str) -> Page:
        return self._arrived(address, self.raw.get(address, follow_redirects=True))

    def get_query(self, address: str, query: str) -> Page:
        return self._arrived(address, self.raw.get(address, query_string=query, follow_redirects=True))

    def file(self, address: str) -> TestResponse:
        return self.raw.get(address)

    def submit(self, page: Page, fields: Mapping[str, object], form: int = -1) -> Page:
        """Fill in a form of the page (the last one of main by default) and send it."""
        main = page.all("main")[0]
        chosen = list(main.iter(f"{_X}form"))[form]
        values: dict[str, object] = {**page.form_values(chosen), **fields}
        target = urljoin(page.address, chosen.get("action") or page.address)
        answer = self.raw.post(urlsplit(target).path, data=values, follow_redirects=True)
        return self._arrived(target, answer)

    def _arrived(self, address: str, answer: TestResponse) -> Page:
        where = answer.request.path if answer.request else address
        page = Page(where, answer)
        check(page, answer)
        return page


def check(page: Page, answer: TestResponse) -> None:
    """What must hold for every page."""
    where = f"{page.address} ({page.status})"
    assert not page.parse_errors, f"{where}: HTML {page.parse_errors[:3]}"
    assert len(page.words("title")) == 1, f"{where}: one title"
    if any(one.get("data-exit") is not None for one in page.all("a")):
        name = next("".join(one.itertext()) for one in page.all("a") if one.get("class") == "app-header__name")
        assert name not in page.title, f"{where}: tab and history of her phone would name the study"
    inert = sum(len(list(one.iter(f"{_X}h1"))) for one in page.all("template"))  # no part of the page yet
    assert len(page.all("h1")) - inert == 1, f"{where}: one h1, not {page.words('h1')}"
    assert page.all("html")[0].get("lang"), f"{where}: language"
    ids = [one.get("id") for one in page.tree.iter() if isinstance(one.tag, str) and one.get("id")]
    assert len(ids) == len(set(ids)), f"{where}: repeated ids {sorted({i for i in ids if ids.count(i) > 1})}"
    assert not page.all("style"), f"{where}: inline style"
    assert not [one for one in page.all("script") if not one.get("src")], f"{where}: inline script"
    assert not [one for one in page.tree.iter() if isinstance(one.tag, str) and one.get("style")], (
        f"{where}: inline style"
    )
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy, where
    rooms = page.address.startswith(("/room/", "/guest-", "/workspace/interviews/"))  # there is the blur's WebAssembly
    assert "unsafe" not in (policy.replace("'wasm-unsafe-eval'", "") if rooms else policy), where
    assert answer.headers["Cache-Control"] == "no-store", where
    for form in page.all("form"):
        if form.get("method") == "post":
            assert "csrf_token" in page.form_values(form), f"{where}: a form without CSRF token"
    for label in page.all("label"):
        assert label.get("for") in ids, f"{where}: a label for nothing: {label.get('for')}"
    if "Exit this page" not in page.text and not page.address.startswith(("/team", "/workspace", "/demo", "/exit")):
        raise AssertionError(f"{where}: no way to exit this page")
