"""Forms on the way in."""

from flask_babel import lazy_gettext as _l
from wtforms.validators import DataRequired, Email, Regexp

from portal.web.forms import Form, TextField


class EmptyForm(Form):
    """A button."""


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
