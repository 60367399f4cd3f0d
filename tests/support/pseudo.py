"""A language that nobody speaks: every translated string stands in brackets, so one that is not shows at once."""

import html
import re
import subprocess
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from portal.settings import ROOT

OPEN, CLOSE = "\u27e6", "\u27e7"


def write(folder: Path, locale: str) -> None:
    """A catalogue of the locale with every message of the code and the templates in brackets."""
    made = Catalog(locale=locale)
    for message in messages(folder):
        if message.id:
            forms = message.id if isinstance(message.id, tuple) else (message.id,)
            bracketed = tuple(f"{OPEN}{form}{CLOSE}" for form in forms)
            plural = isinstance(message.id, tuple)
            text = (bracketed[0], *[bracketed[1]] * (made.num_plurals - 1)) if plural else bracketed[0]
            made.add(message.id, text, context=message.context)
    target = folder / locale / "LC_MESSAGES" / "messages.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as out:
        write_mo(out, made)


def messages(folder: Path) -> Catalog:
    """Every message of the code and the templates; collected in the folder."""
    template = folder / "messages.pot"
    command = [
        sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "pyproject.toml", "-k", "_l",
        "-k", "said", "-o", str(template), ".",
    ]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with template.open("rb") as file:
        return read_po(file)


def plain(text: str) -> str:
    """Markdown as its words alone, to tell the study's own text from the portal's."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return " ".join(html.unescape(re.sub(r"[*_`#>]|^\s*[-\d.]+ ", " ", text, flags=re.MULTILINE)).split())


def untranslated(text: str, own: str, names: set[str]) -> bool:
    """Whether a piece of a page should have been translated: words outside brackets, neither the study's nor names."""
    parts = [part for part in re.split(r" – |^: |, ", text) if part not in names and plain(part) not in own]
    text = " ".join(parts)
    if OPEN in text or CLOSE in text:
        return False
    without = re.sub(r"[^\s]*[@/:+][^\s]*|\b[A-Z]{1,2}-[0-9A-Z-]+\b|\b[0-9a-f]{8,}\b", " ", text)
    return len(re.findall(r"[A-Za-z]{2,}", without)) > 0
