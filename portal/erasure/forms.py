"""Forms of erasing."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields import DateField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from portal.db.kinds import DataKind
from portal.web.forms import ChoicesField, Form, TextField

KINDS = [
    SelectChoice(DataKind.CONTACT.value, _l("How to reach the participant, and messages with the team")),
    SelectChoice(DataKind.ANSWERS.value, _l("Answers, and notes about the participant")),
    SelectChoice(DataKind.RECORDINGS.value, _l("Recordings of the interviews")),
    SelectChoice(DataKind.CONSENT.value, _l("Name, drawing and receipts of consent (usually kept as the record)")),
]
MILESTONES = [
    SelectChoice("study_end", _l("The study has ended")),
    SelectChoice("results_sent", _l("The results were sent to those who asked for them")),
]


class AskForm(Form):
    """What is to be erased, and why."""

    kinds = ChoicesField(
        _l("What is to be erased?"), choices=KINDS, validators=[DataRequired(_l("Choose what is to be erased"))]
    )
    why = RadioField(
        _l("Why?"),
        choices=[
            SelectChoice("asked", _l("The participant asked for it")),
            SelectChoice("mistake", _l("It should not have been collected")),
            SelectChoice("other", _l("Something else")),
        ],
        validators=[InputRequired(_l("Choose why"))],
    )
    words = TextField(
        _l("In a few words, for the person who decides. Leave names out"),
        [DataRequired(_l("Write why, in a few words"))],
        most=300,
    )


class MilestoneForm(Form):
    """A day from which periods count."""

    milestone = RadioField(_l("What has come?"), choices=MILESTONES, validators=[InputRequired(_l("Choose one"))])
    day = DateField(_l("On which day?"), validators=[InputRequired(_l("Enter the day"))])
