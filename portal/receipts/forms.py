"""A file to check."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired

from portal.web.forms import Form


class VerifyForm(Form):
    """A receipt as PDF."""

    file = FileField(_l("Receipt, a PDF file"), [FileRequired(_l("Choose a PDF file"))])
