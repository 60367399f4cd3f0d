"""Forms of booking. A time is asked for on a page of its own; here is what goes with it."""

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, IntegerField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from portal.booking.availability import Windows, parse
from portal.booking.domain import Details, Mode
from portal.booking.errors import WindowRefused
from portal.booking.fetching import is_address
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
            SelectChoice("participant", _l("The participant asked us to cancel")),
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


class HoursField(TextField):
    """Hours of a day, such as "09:00-12:30, 13:30-17:00"; empty for none."""

    windows: Windows = ()

    def pre_validate(self, form: Any) -> None:
        """Read them; what is wrong is told in the words of whoever wrote it."""
        super().pre_validate(form)
        try:
            self.windows = parse(self.data or "")
        except WindowRefused as refused:
            raise ValidationError(
                _l(
                    "%(day)s: write times like 09:00-12:30, from earlier to later, in steps of five minutes",
                    day=self.label.text,
                )
            ) from refused


class WeekForm(Form):
    """The hours of a week, a field for each day."""

    day0 = HoursField(_l("Monday"), [Optional()])
    day1 = HoursField(_l("Tuesday"), [Optional()])
    day2 = HoursField(_l("Wednesday"), [Optional()])
    day3 = HoursField(_l("Thursday"), [Optional()])
    day4 = HoursField(_l("Friday"), [Optional()])
    day5 = HoursField(_l("Saturday"), [Optional()])
    day6 = HoursField(_l("Sunday"), [Optional()])

    def windows(self) -> dict[int, Windows]:
        """By weekday, once it is valid."""
        return {day: self[f"day{day}"].windows for day in range(7)}


class AbsenceForm(Form):
    """Away from one moment to another."""

    first = DateField(_l("First day"), [InputRequired(_l("Give the first day"))])
    from_time = TextField(_l("From what time on? Leave it empty for the whole day"), [Optional()], most=5)
    last = DateField(_l("Last day"), [InputRequired(_l("Give the last day"))])
    to_time = TextField(_l("Until what time? Leave it empty for the whole day"), [Optional()], most=5)
    note = TextField(_l("A note for yourself"), [Optional()], most=100)

    def validate_from_time(self, field: TextField) -> None:
        """A time of day."""
        _time_of_day(field)

    def validate_to_time(self, field: TextField) -> None:
        """A time of day."""
        _time_of_day(field)

    def minutes(self, name: str, otherwise: int) -> int:
        """A field's minutes since midnight, once it is valid."""
        hours, _, minutes = str(self[name].data or "").partition(":")
        return int(hours) * 60 + int(minutes) if hours else otherwise


class OwnRulesForm(Form):
    """What differs from the study's rules."""

    buffer_minutes = IntegerField(
        _l("Minutes of rest after each interview"),
        [Optional(), NumberRange(0, 240, _l("Between 0 and 240 minutes"))],
    )
    daily_limit = IntegerField(
        _l("Interviews on one day at most"), [Optional(), NumberRange(1, 24, _l("Between 1 and 24"))]
    )

    def validate_buffer_minutes(self, field: IntegerField) -> None:
        """Whole quanta."""
        if field.data % 5:
            raise ValidationError(_l("Give a multiple of five minutes"))


class OtherCalendarForm(Form):
    """The address of another calendar."""

    url = TextField(_l("Private address of your other calendar (iCal)"), [Optional()], most=1000)

    def validate_url(self, field: TextField) -> None:
        """Only https, only a name: the rest is looked at when it is fetched."""
        if not is_address(field.data or ""):
            raise ValidationError(_l("Paste the address that starts with https:// and usually ends with .ics"))


def _time_of_day(field: TextField) -> None:
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", field.data or "")
    if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[2]) % 5:
        raise ValidationError(_l("Write a time like 09:30, in steps of five minutes"))
