"""What a browser says it is, in a few words that its owner knows it by. Never trusted for anything else."""

import re

from flask import request

_BROWSERS = (
    ("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
"""Each also says the names of those after it, so the first that fits counts."""
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("CrOS", "Chromebook"), ("Macintosh", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


def device(user_agent: str) -> tuple[str, str]:
    """Browser and system, such as ("Firefox", "Windows"); empty for what it does not say."""
    return _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)


def present_device() -> tuple[str, str]:
    """The same of the browser that asks now."""
    return device(request.user_agent.string)


def _first(known: tuple[tuple[str, str], ...], said: str) -> str:
    return next((name for pattern, name in known if re.search(pattern, said)), "")
