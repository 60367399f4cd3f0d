"""Reasons for not taking part."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from portal.study.recruitment import Recruitment
from portal.web.forms import Form


class DeclineForm(Form):
    """No, thank you. A reason helps but is never asked twice."""

    reason = RadioField(_l("Would you like to say why? You do not have to."), validators=[Optional()])

    @classmethod
    def of(cls, plan: Recruitment) -> "DeclineForm":
        """The form with the study's reasons."""
        form = cls()
        form.reason.choices = [SelectChoice(one.key, one.label) for one in plan.reasons_of("participant")]
        return form


class ExcludeForm(Form):
    """Why somebody is not in the study."""

    reason = RadioField(_l("Why does this person not take part?"), validators=[InputRequired(_l("Choose a reason"))])

    @classmethod
    def of(cls, plan: Recruitment) -> "ExcludeForm":
        """The form with the study's reasons."""
        form = cls()
        form.reason.choices = [SelectChoice(one.key, one.label) for one in plan.reasons_of("team")]
        return form
