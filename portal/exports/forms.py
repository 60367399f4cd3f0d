"""What somebody wants to take out, and what for."""

from collections.abc import Collection

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from portal.exports.domain import ExportKind
from portal.study.domain import Study
from portal.web.forms import Form, TextField

PURPOSES = [
    SelectChoice("analysis", _l("Analysis")),
    SelectChoice("monitoring", _l("Monitoring, audit or inspection")),
    SelectChoice("archive", _l("Archive at the end of the study")),
    SelectChoice("rights", _l("A participant's request about their data")),
    SelectChoice("other", _l("Something else")),
]


class ExportForm(Form):
    """Kind, sites and purpose."""

    kind = RadioField(_l("What do you want to take out?"), validators=[InputRequired(_l("Choose what to take out"))])
    site = SelectField(_l("From which sites?"))
    purpose = RadioField(_l("What for?"), choices=PURPOSES, validators=[InputRequired(_l("Choose what it is for"))])
    words = TextField(
        _l("In a few words, for the record. Leave names out"),
        [DataRequired(_l("Write what it is for, in a few words"))],
        most=300,
    )

    @classmethod
    def of(cls, study: Study, sites: Collection[str] | None, kinds: Collection[ExportKind]) -> "ExportForm":
        """The form with the sites and kinds that the member may have."""
        form = cls()
        words = {
            ExportKind.DATA: _l("The data, by study ID: table, JSON, dictionary, codebook and REDCap dictionary"),
            ExportKind.REGISTER: _l("The consent register, by study ID"),
            ExportKind.SITE_FILE: _l("The site file: documents, register, receipts (with names), log and proof"),
        }
        seen = [one for one in study.sites if sites is None or one.key in sites]
        form.kind.choices = [SelectChoice(one.value, text) for one, text in words.items() if one in kinds]
        form.site.choices = [SelectChoice("", _l("All that I see")), *(SelectChoice(one.key, one.name) for one in seen)]
        return form
