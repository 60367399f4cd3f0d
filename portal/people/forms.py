"""Forms on the way in."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, InputRequired, Regexp, ValidationError

from portal.messages.domain import Channel, SafeHours
from portal.people.domain import ContactChoices, international
from portal.web.forms import ChoicesField, Form, TextField

_DAYS = (
    _l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday"),
)  # fmt: skip


class EmailForm(Form):
    """An e-mail address to come back with."""

    email = TextField(
        _l("Your e-mail address"),
        [
            DataRequired(_l("Enter your e-mail address")),
            Email(_l("Enter an e-mail address like name@example.com")),
        ],
        most=254,
    )


class ContactForm(Form):
    """How she may be contacted."""

    channel = RadioField(
        _l("How shall we write to you?"),
        choices=[
            SelectChoice("email", _l("By e-mail")),
            SelectChoice("sms", _l("By text message")),
            SelectChoice("none", _l("Do not write to me")),
        ],
        validators=[InputRequired(_l("Choose how we shall write to you"))],
    )
    phone = TextField(_l("Your phone number, if we may text or ring you"), most=40)
    ring = RadioField(
        _l("May we ring you?"),
        choices=[
            SelectChoice("no", _l("No")),
            SelectChoice("silent", _l("Yes, but do not leave a voice message")),
            SelectChoice("voicemail", _l("Yes, and you may leave a voice message")),
        ],
        validators=[InputRequired(_l("Choose if we may ring you"))],
    )
    days = ChoicesField(
        _l("On which days is it safe?"),
        choices=[SelectChoice(str(number), name) for number, name in enumerate(_DAYS)],
        validators=[InputRequired(_l("Choose at least one day"))],
    )
    start = SelectField(_l("Not before"), coerce=int, choices=[SelectChoice(one, f"{one:02}:00") for one in range(24)])
    end = SelectField(_l("Not after"), coerce=int, choices=[SelectChoice(one, f"{one:02}:00") for one in range(1, 25)])
    name = RadioField(
        _l("Which name shall our messages show?"), validators=[InputRequired(_l("Choose a name for our messages"))]
    )
    optional = RadioField(
        _l("Do you want reminders and news?"),
        choices=[SelectChoice("yes", _l("Yes")), SelectChoice("no", _l("No"))],
        validators=[InputRequired(_l("Choose yes or no"))],
    )

    @classmethod
    def of(cls, known: ContactChoices, *, names: tuple[str, str], texts: bool) -> "ContactForm":
        """The form as it stands. `names` are the neutral sender's and the sponsor's; `texts`: can we send any?"""
        ring = "voicemail" if known.voicemail else "silent" if known.may_ring else "no"
        form = cls(
            data={
                "channel": known.channel.value if known.channel else "none", "phone": known.phone, "ring": ring,
                "days": [str(day) for day in sorted(known.hours.days)], "start": known.hours.start,
                "end": known.hours.end, "name": "neutral" if known.neutral_name else "sponsor",
                "optional": "yes" if known.optional else "no",
            }
        )  # fmt: skip
        form.name.choices = [SelectChoice("neutral", names[0]), SelectChoice("sponsor", names[1])]
        if not texts:
            form.channel.choices = [one for one in form.channel.choices if one.value != "sms"]
        return form

    def validate_phone(self, field: TextField) -> None:
        """A number if one is needed, in any usual spelling."""
        number = international(field.data or "")
        if field.data and number is None:
            raise ValidationError(_l("Enter a phone number like 07700 900123"))
        if not field.data and (self.channel.data == "sms" or self.ring.data != "no"):
            raise ValidationError(_l("Enter your phone number, or choose that we do not text or ring you"))

    def validate_end(self, field: SelectField) -> None:
        """The window must not be empty."""
        if field.data <= self.start.data:
            raise ValidationError(_l("Choose a later hour for “not after” than for “not before”"))

    def chosen(self) -> ContactChoices:
        """What she chose, once it is valid."""
        channel = None if self.channel.data == "none" else Channel(self.channel.data)
        hours = SafeHours(self.start.data, self.end.data, frozenset(int(one) for one in self.days.data))
        return ContactChoices(
            channel, hours, self.name.data == "neutral", self.optional.data == "yes", self.ring.data != "no",
            self.ring.data == "voicemail", international(self.phone.data or "") or "",
        )  # fmt: skip


class CodeForm(Form):
    """The code from the e-mail."""

    code = TextField(
        _l("Code from your e-mail"),
        [
            DataRequired(_l("Enter the code")),
            Regexp(r"^\s*\d{3}\s?\d{3}\s*$", message=_l("Enter the 6 digits of the code")),
        ],
        most=10,
    )
