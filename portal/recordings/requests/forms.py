"""The forms of requests about recordings."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal.recordings.requests.domain import Why
from portal.web.forms import Form

REASONS = [
    SelectChoice(Why.WITHDRAWAL.value, _l("The participant withdrew and wants it removed")),
    SelectChoice(Why.RETENTION.value, _l("The time for which it may be kept is over")),
    SelectChoice(Why.MISTAKE.value, _l("It should never have been recorded")),
]


class ErasureForm(Form):
    """Why a recording is to be destroyed."""

    why = RadioField(
        _l("Why is it to be destroyed?"), choices=REASONS, validators=[InputRequired(_l("Choose a reason"))]
    )
