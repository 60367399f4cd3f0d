"""Forms of notes."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from portal.notes.domain import LONGEST, NoteKind
from portal.web.forms import Form

_TEXT = [
    DataRequired(_l("Write something first")),
    Length(max=LONGEST, message=_l("Use %(max)d characters or fewer")),
]


class NoteForm(Form):
    """A note or a memo about a participant."""

    kind = RadioField(
        _l("What is it about?"),
        choices=[
            SelectChoice(NoteKind.NOTE.value, _l("A note about the participant")),
            SelectChoice(NoteKind.MEMO.value, _l("A memo on the interview")),
        ],
        validators=[InputRequired(_l("Choose what it is about"))],
    )
    text = TextAreaField(_l("Text. Leave names out"), _TEXT)


class SaturationForm(Form):
    """A note about the theory."""

    text = TextAreaField(_l("What is heard again and again, and what is still missing?"), _TEXT)
