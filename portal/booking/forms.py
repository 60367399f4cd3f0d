"""Forms of booking. A time is asked for on a page of its own; here is what goes with it."""

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from portal.booking.domain import Details, Mode
from portal.web.forms import ChoicesField, Form, TextField

_PHONE = re.compile(r"^\+?[\d ()./-]{7,25}$")


class ButtonForm(Form):
    """A button."""


class DetailsForm(Form):
    """How we talk, and what would help."""

    starts_at = HiddenField(validators=[DataRequired()])
    mode = RadioField(
        _l("How would you like to talk?"),
        choices=[SelectChoice("video", _l("Video call on this website")), SelectChoice("phone", _l("Telephone"))],
        validators=[InputRequired(_l("Choose video call or telephone"))],
        default="video",
    )
    phone = TextField(_l("Your telephone number, if we should ring you"), [Optional()], most=30)
    language = TextField(_l("Which language would you like to speak, if not English?"), [Optional()], most=60)
    interpreter = ChoicesField(
        _l("Interpreter"), choices=[SelectChoice("yes", _l("I would like an interpreter"))], validators=[Optional()]
    )
    access_needs = TextAreaField(
        _l("What would make it easier for you?"),
        [Optional(), Length(max=1000, message=_l("Use 1,000 letters or fewer"))],
    )

    @classmethod
    def of(cls, starts_at: str, known: Details, *, phone_allowed: bool) -> "DetailsForm":
        """The form with what she said before."""
        form = cls(
            starts_at=starts_at, mode=known.mode.value, phone=known.phone, language=known.language,
            interpreter=["yes"] if known.interpreter else [], access_needs=known.access_needs,
        )  # fmt: skip
        if not phone_allowed:
            form.mode.choices = [one for one in form.mode.choices if one.value != "phone"]
        return form

    def details(self) -> Details:
        """What was filled in."""
        return Details(
            mode=Mode(self.mode.data), language=str(self.language.data or ""),
            interpreter=bool(self.interpreter.data), access_needs=" ".join(str(self.access_needs.data or "").split()),
            phone=str(self.phone.data or "") if self.mode.data == "phone" else "",
        )  # fmt: skip

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether we ring her decides whether a number is needed, so the two are looked at together."""
        good = super().validate(extra_validators)
        number = str(self.phone.data or "")
        if self.mode.data == "phone" and not number:
            self.phone.errors = [_l("Enter the telephone number that we should ring")]
        elif number and not self.phone.errors and not _PHONE.match(number):
            self.phone.errors = [_l("Enter a telephone number, like 01632 960 001")]
        return bool(good) and not self.phone.errors


class CancelForm(Form):
    """Cancel, with or without a reason."""

    why = TextAreaField(
        _l("Would you like to tell us why?"), [Optional(), Length(max=1000, message=_l("Use 1,000 letters or fewer"))]
    )


class StaffCancelForm(CancelForm):
    """The team cancels."""

    cause = RadioField(
        _l("What happened?"),
        choices=[
            SelectChoice("participant", _l("She asked us to cancel")),
            SelectChoice("team", _l("We cannot keep it")),
            SelectChoice("missed", _l("It did not take place")),
        ],
        validators=[InputRequired(_l("Choose what happened"))],
    )


class OtherTimesForm(Form):
    """None of these suit me."""

    body = TextAreaField(
        _l("When would suit you?"),
        [
            DataRequired(_l("Write when you could talk with us")),
            Length(max=2000, message=_l("Use 2,000 letters or fewer")),
        ],
    )


class ZoneForm(Form):
    """Another time zone."""

    zone = SelectField(_l("Where are you?"), validators=[InputRequired(_l("Choose a place"))])
