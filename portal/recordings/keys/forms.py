"""The forms of the team's keys."""

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField
from wtforms.validators import DataRequired, NumberRange

from portal.web.forms import Form, TextField


class RecoveryForm(Form):
    """What `portal keys recovery` printed for the portal."""

    recipient = TextField(
        _l("Public key of the recovery key"), [DataRequired(_l("Enter the line that starts with age1"))], most=3000
    )
    threshold = IntegerField(
        _l("Shares that are needed to use it"),
        [DataRequired(_l("Enter how many shares are needed")), NumberRange(2, 16, _l("Enter a number from 2 to 16"))],
    )
    shares = IntegerField(
        _l("Shares that were made"),
        [DataRequired(_l("Enter how many shares were made")), NumberRange(2, 16, _l("Enter a number from 2 to 16"))],
    )
