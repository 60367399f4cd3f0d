"""Whose pages these are: the study's name, the sponsor's colour, and where help is, for every template."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask

LOWEST_CONTRAST = 4.5
"""What WCAG 2.2 AA asks of text on its background."""


class BrandingError(Exception):
    """The study's colour cannot be read on, or is none."""


@dataclass(frozen=True)
class Help:
    """Somewhere to turn to at any hour."""

    name: str
    about: str
    phone: str
    text: str
    url: str


@dataclass(frozen=True)
class Branding:
    """What templates know of the study."""

    study_title: str
    short_name: str
    sponsor_name: str
    colour: str
    signposts: tuple[Help, ...]
    contact_name: str
    contact_email: str
    contact_phone: str
    draft: bool
    logo: bytes
    """A PNG picture; empty if the sponsor has given none."""
    demonstration: bool

    def __post_init__(self) -> None:
        if contrast_with_white(self.colour) < LOWEST_CONTRAST:
            raise BrandingError(
                f"the sponsor's colour {self.colour} is too light for white text on it "
                f"({contrast_with_white(self.colour):.1f}:1, WCAG asks for 4.5:1): choose a darker one in study.yaml"
            )


BrandingSource = Callable[[], Branding]


def contrast_with_white(colour: str) -> float:
    """WCAG's contrast ratio of white text on the colour "#rrggbb". Raises BrandingError."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise BrandingError(f"the sponsor's colour must look like #005a64, not {colour!r}")
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def init_app(app: Flask, source: BrandingSource) -> None:
    """Give every template `branding`; check the colour at once."""
    source()
    app.context_processor(lambda: {"branding": source()})
