"""Forms around the room."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, ValidationError

from portal.rooms.domain import LONGEST_NAME, LONGEST_REASON, GuestRole, Outcome
from portal.web.forms import Form, TextField

_DEVICE = [Length(max=200)]
"""A browser's identifier of a device is 64 characters long."""


class CheckForm(Form):
    """What is chosen in the device check."""

    name = TextField(_l("Name that the others see"), most=LONGEST_NAME)
    audio_only = BooleanField(_l("Talk without a picture"))
    blur = BooleanField(_l("Blur what is behind me"))
    camera = HiddenField(validators=_DEVICE)
    microphone = HiddenField(validators=_DEVICE)
    speaker = HiddenField(validators=_DEVICE)


class GuestForm(Form):
    """Who else comes."""

    role = RadioField(
        _l("Who is coming?"),
        choices=[
            SelectChoice(GuestRole.INTERPRETER.value, _l("An interpreter")),
            SelectChoice(GuestRole.SUPPORTER.value, _l("Somebody who supports the participant")),
        ],
        validators=[DataRequired(_l("Choose who is coming"))],
    )


class OutcomeForm(Form):
    """How the interview ended."""

    outcome = RadioField(
        _l("How did the interview end?"),
        choices=[
            SelectChoice(Outcome.DONE.value, _l("It is done")),
            SelectChoice(Outcome.BROKEN_OFF.value, _l("It was broken off")),
            SelectChoice(Outcome.NOT_ATTENDED.value, _l("The participant did not come")),
        ],
        validators=[DataRequired(_l("Choose how the interview ended"))],
    )
    reason = TextAreaField(
        _l("Reason, without names"),
        [Length(max=LONGEST_REASON, message=_l("Use %(max)d characters or fewer"))],
    )
    stops = HiddenField()
    """How many wishes to stop the page has shown."""

    def shows(self, stops: int) -> bool:
        """Whether the page that was sent has shown so many wishes to stop. If not it says so."""
        if (self.stops.data or "0") == str(stops):
            return True
        self.outcome.errors = [_l("Somebody asked to stop while you wrote. Look at it, then keep the outcome again")]
        return False

    def validate_reason(self, field: TextAreaField) -> None:
        """An interview that was not finished needs a reason: a study has to report them."""
        if (
            self.outcome.data in (Outcome.BROKEN_OFF.value, Outcome.NOT_ATTENDED.value)
            and not (field.data or "").strip()
        ):
            raise ValidationError(_l("Write a few words on why"))
