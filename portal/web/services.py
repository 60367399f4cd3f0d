"""The services that `portal.wiring` built, found by their class."""

from collections.abc import Iterable
from typing import TypeVar

from flask import Flask, current_app

T = TypeVar("T")
_KEY = "portal.services"


def init_app(app: Flask, services: Iterable[object]) -> None:
    """Register the services, each under its own class."""
    app.extensions[_KEY] = {type(one): one for one in services}


def service(kind: type[T]) -> T:
    """The one instance of the class in this application."""
    found: T = current_app.extensions[_KEY][kind]
    return found
