"""The form that carries a passkey's answer."""

from wtforms import HiddenField
from wtforms.validators import InputRequired, Length

from portal.web.forms import Form


class AnswerForm(Form):
    """What the browser answered, as JSON. A script fills it in."""

    answer = HiddenField(validators=[InputRequired(), Length(max=20_000)])
