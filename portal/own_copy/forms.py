"""Forms of copies."""

from portal.web.forms import Form


class EmptyForm(Form):
    """A button."""
