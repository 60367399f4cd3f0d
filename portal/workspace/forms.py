"""The workspace's forms."""

from collections.abc import Collection

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal.study.domain import Study
from portal.web.forms import Form


class InviteForm(Form):
    """Group and site of a new participant."""

    group = RadioField(_l("Who do you invite?"), validators=[InputRequired(_l("Choose who you invite"))])
    site = RadioField(_l("From which site?"), validators=[InputRequired(_l("Choose a site"))])

    @classmethod
    def of(cls, study: Study, sites: Collection[str] | None) -> "InviteForm":
        """The form with the study's groups, and those of its sites that the member sees (None: all)."""
        form = cls()
        form.group.choices = [SelectChoice(one.key, one.label) for one in study.groups]
        form.site.choices = [
            SelectChoice(one.key, one.name) for one in study.sites if sites is None or one.key in sites
        ]
        return form
