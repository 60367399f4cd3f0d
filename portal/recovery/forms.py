"""The forms of a recovery."""

from portal.team.forms import again_field, code_field, new_password_field
from portal.web.forms import Form


class SetUpForm(Form):
    """A new password, and a code that shows that the app works."""

    password = new_password_field()
    again = again_field()
    code = code_field()
