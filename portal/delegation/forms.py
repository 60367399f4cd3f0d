"""The delegation log's forms."""

from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import DateField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from portal.delegation.domain import Task
from portal.team.domain import Member
from portal.web.forms import ChoicesField, Form

TASKS = [
    SelectChoice(Task.CONSENT.value, _l("Take consent and countersign it")),
    SelectChoice(Task.INTERVIEW.value, _l("Interview")),
    SelectChoice(Task.RECORDINGS.value, _l("Open recordings")),
]


class DelegateForm(Form):
    """Who may do what from when to when."""

    member = RadioField(_l("Who?"), validators=[InputRequired(_l("Choose a member of the team"))])
    tasks = ChoicesField(_l("May do what?"), choices=TASKS, validators=[InputRequired(_l("Choose at least one task"))])
    starts_on = DateField(_l("From which day?"), validators=[InputRequired(_l("Give the first day"))])
    ends_on = DateField(_l("Until which day? Leave it empty for as long as the study runs"), validators=[Optional()])

    @classmethod
    def of(cls, members: list[Member], today: date) -> "DelegateForm":
        """The form with the members to choose from."""
        form = cls(data={"starts_on": today})
        form.member.choices = [SelectChoice(str(one.id), one.name) for one in members]
        return form
