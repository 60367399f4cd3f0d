"""Routes that cost little at the start.

Werkzeug writes and compiles two Python functions for each route, which make its URLs. With more than two hundred routes
that is most of the time in which an application is made, and a process makes the URLs of few of them.
"""

from collections.abc import Callable

from flask import Flask
from werkzeug.routing import Rule

_Builder = Callable[..., tuple[str, str]]


class Route(Rule):
    """A rule that compiles what makes its URLs when the first one is made."""

    def _compile_builder(self, append_unknown: bool = True) -> _Builder:  # noqa: FBT001, FBT002 - Werkzeug's own
        compiled: list[_Builder] = []

        def build(rule: Rule, /, **values: object) -> tuple[str, str]:
            if not compiled:  # two threads at once compile the same
                compiled.append(super(Route, self)._compile_builder(append_unknown))
            return compiled[0](rule, **values)

        return build


def init_app(app: Flask) -> None:
    """Make all routes that are added from now on such routes."""
    app.url_rule_class = Route
