"""The audit trail's filter."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import DateField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from portal.audit.reading import Filter
from portal.clock import LONDON
from portal.trail import words
from portal.web.forms import Form, TextField


class FilterForm(Form):
    """Sent by GET, so that a page of the trail can be kept as a bookmark; it changes nothing and needs no token."""

    class Meta:
        """No token in the address."""

        csrf = False

    kind = SelectField(_l("What happened"), validators=[Optional()])
    actor = SelectField(_l("By whom"), validators=[Optional()])
    about = TextField(_l("About what, such as C-0001, staff:3 or a reference"), most=120)
    since = DateField(_l("From"), validators=[Optional()])
    until = DateField(_l("Until"), validators=[Optional()])

    @classmethod
    def of(cls, kinds: Sequence[str], members: Sequence[tuple[str, str]]) -> "FilterForm":
        """The form with the kinds that occur and the members by key and name."""
        form = cls(request.args)
        parts = sorted({kind.partition(".")[0] for kind in kinds})
        form.kind.choices = [
            SelectChoice("", _l("Everything")),
            *(SelectChoice(part, _l("Everything on: %(part)s", part=words.part(part))) for part in parts),
            *(SelectChoice(kind, words.kind(kind)) for kind in kinds),
        ]
        form.actor.choices = [SelectChoice("", _l("Anybody")), *(SelectChoice(key, name) for key, name in members)]
        return form

    def chosen(self) -> Filter:
        """What to look for. Days are London's."""
        about = self.about.data or ""
        return Filter(
            kind=self.kind.data or "",
            actor=self.actor.data or "",
            subjects=subjects(about) if about else (),
            since=_midnight(self.since.data),
            until=_midnight(self.until.data + timedelta(days=1)) if self.until.data else None,
        )


def subjects(about: str) -> tuple[str, ...]:
    """How the trail names something that people call by its study ID or its reference."""
    if ":" in about:
        return (about,)
    if about.count("-") == 3:  # a reference such as C-7QK2-M4XB-9TWD
        return f"consent:{about.upper()}", f"receipt:{about.upper()}"
    return (f"participant:{about.upper()}",)


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(0), LONDON).astimezone(UTC)
