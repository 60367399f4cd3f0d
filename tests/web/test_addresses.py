"""What makes the URLs of a route is compiled when it is needed, and makes the same URLs."""

import pytest
from flask import Flask, url_for
from werkzeug.routing import BuildError, Rule

from portal.web import addresses


@pytest.fixture
def compiled(monkeypatch):
    """The routes of which something was compiled."""
    seen, usual = [], Rule._compile_builder

    def note(rule, append_unknown=True):
        seen.append(rule.endpoint)
        return usual(rule, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", note)
    return seen


def answer(**_values):
    return ""


def made(ours):
    app = Flask("addresses", static_folder=None)
    if ours:
        addresses.init_app(app)
    for path in ("/", "/person/<study_id>", "/person/<study_id>/<int:part>", "/files/<path:name>"):
        app.add_url_rule(path, path, view_func=answer)
    app.add_url_rule("/list", "list", defaults={"page": 1}, view_func=answer)
    app.add_url_rule("/list/<int:page>", "list", view_func=answer)
    return app


WANTED = [
    ("/", {}), ("/", {"next": "a b&c"}), ("/person/<study_id>", {"study_id": "C-0001 ü/"}),
    ("/person/<study_id>/<int:part>", {"study_id": "C-0001", "part": 7, "self": "x", "rule": "y"}),
    ("/files/<path:name>", {"name": "a/b c"}), ("list", {"page": 1}), ("list", {"page": 2, "more": ["1", "2"]}),
]  # fmt: skip


def test_urls_are_as_werkzeug_makes_them():
    told = []
    for app in (made(ours=False), made(ours=True)):
        with app.test_request_context():
            told.append([url_for(endpoint, **values) for endpoint, values in WANTED])
            with pytest.raises(BuildError):
                url_for("/person/<study_id>")
            assert isinstance(next(app.url_map.iter_rules()), addresses.Route) == (app.url_rule_class is not Rule)
    assert told[0] == told[1]
    assert told[1][3] == "/person/C-0001/7?self=x&rule=y"


def test_nothing_is_compiled_before_a_url_is_made_and_each_route_once(compiled):
    app = made(ours=True)
    assert app.test_client().get("/person/C-0001").status_code == 200
    assert compiled == []
    with app.test_request_context():
        for _ in range(2):
            url_for("/person/<study_id>", study_id="C-0001")
    assert compiled == ["/person/<study_id>"]


def test_the_portal_compiles_but_the_routes_whose_urls_it_makes(world, compiled):
    world.client().get("/")
    assert len(set(compiled)) < len(list(world.app.url_map.iter_rules())) / 4
