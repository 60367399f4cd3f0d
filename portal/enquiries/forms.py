"""Forms of conversations."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField
from wtforms.validators import DataRequired, Length

from portal.enquiries.domain import LONGEST
from portal.web.forms import Form, LongTextField


class AskForm(Form):
    """A participant's message."""

    text = LongTextField(_l("Your message"), [DataRequired(_l("Write your message"))], most=LONGEST)
    about = HiddenField(validators=[Length(max=40)])


class AnswerForm(Form):
    """The team's answer."""

    text = LongTextField(_l("Your answer"), [DataRequired(_l("Write your answer"))], most=LONGEST)


class ResultsForm(Form):
    """The summary of results."""

    text = LongTextField(_l("The summary"), [DataRequired(_l("Write the summary"))], most=LONGEST)
