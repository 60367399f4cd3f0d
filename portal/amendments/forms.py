"""The files of a new version."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms.validators import DataRequired

from portal.web.forms import Form, LongTextField


class DraftForm(Form):
    """A ZIP of the study's folder, and why."""

    file = FileField(_l("The study's folder as a ZIP file"), [FileRequired(_l("Choose a ZIP file"))])
    reason = LongTextField(
        _l("What changes and why, with the REC's reference if there is one"),
        [DataRequired(_l("Say what changes and why"))],
        most=2000,
    )
