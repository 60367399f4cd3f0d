"""The workspace's forms."""

from collections.abc import Collection

from flask import request, url_for
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, InputRequired, Optional

from portal.study.domain import Study
from portal.web.forms import Form, TextField
from portal.workspace.domain import Step, Wanted


def steps() -> dict[str, str]:
    """Each step in words."""
    return {
        Step.OPEN: str(_l("has not opened the link")),
        Step.CONSENT: str(_l("is reading or deciding")),
        Step.RECONSENT: str(_l("a new version waits for consent")),
        Step.COUNTERSIGN: str(_l("countersign")),
        Step.ANSWER: str(_l("answers questions")),
        Step.READY: str(_l("ready for the interview")),
        Step.NOT_ATTENDED: str(_l("did not come to the interview")),
        Step.INTERVIEWED: str(_l("was interviewed")),
        Step.WITHDRAWN: str(_l("withdrawn")),
        Step.DECLINED: str(_l("said no")),
        Step.EXCLUDED: str(_l("not taking part")),
    }


class SearchForm(Form):
    """What the list of participants is narrowed to. Nothing here changes anything, so it has no token."""

    class Meta:
        """Read from the address."""

        csrf = False

    study_id = TextField(_l("Study ID, or a part of it"), most=20)
    group = SelectField(_l("Group"))
    site = SelectField(_l("Site"))
    step = SelectField(_l("Next step"))

    @classmethod
    def of(cls, study: Study, sites: Collection[str] | None) -> "SearchForm":
        """The form as it was sent, with what the study has and the member may see."""
        form = cls(request.args)
        everything = SelectChoice("", _l("All"))
        seen = [one for one in study.sites if sites is None or one.key in sites]
        form.group.choices = [everything, *(SelectChoice(one.key, one.label) for one in study.groups)]
        form.site.choices = [everything, *(SelectChoice(one.key, one.name) for one in seen)]
        form.step.choices = [everything, *(SelectChoice(key, text) for key, text in steps().items())]
        return form

    @property
    def wanted(self) -> Wanted:
        """What was asked for; a value that the form does not offer counts as none."""
        return Wanted(str(self.study_id.data or ""), *(_offered(self[name]) for name in ("group", "site", "step")))

    def address(self, page: int) -> str:
        """The address of another page of the same search."""
        given = {key: value for key, value in self.data.items() if value}
        return url_for("workspace.participants", **given, page=page)


def _offered(field: SelectField) -> str:
    return str(field.data) if field.data in {choice.value for choice in field.choices} else ""


class IdentityForm(Form):
    """Why somebody looks at an identity."""

    why = RadioField(
        _l("Why do you need the address?"),
        choices=[
            SelectChoice("interview", _l("To arrange the interview")),
            SelectChoice("asked", _l("The participant asked us something")),
            SelectChoice("safety", _l("Somebody may be in danger")),
            SelectChoice("data", _l("A request about their data")),
            SelectChoice("other", _l("Something else")),
        ],
        validators=[InputRequired(_l("Choose a reason"))],
    )
    words = TextField(_l("In a few words"), [DataRequired(_l("Write why, in a few words"))], most=300)


class RenewForm(Form):
    """How a fresh link reaches a participant."""

    how = RadioField(
        _l("How will the link reach the participant?"),
        validators=[InputRequired(_l("Choose how the link reaches the participant"))],
    )

    @classmethod
    def of(cls, *, known: bool) -> "RenewForm":
        """The form; `known`: has she given an address that we may write to?"""
        form = cls()
        send = SelectChoice("send", _l("The portal sends it to the e-mail address that they gave"))
        form.how.choices = [
            *([send] if known else []),
            SelectChoice("show", _l("I pass it on, or print it for a letter")),
        ]
        return form


class InviteForm(Form):
    """Group and site of a new participant."""

    group = RadioField(_l("Who do you invite?"), validators=[InputRequired(_l("Choose who you invite"))])
    site = RadioField(_l("From which site?"), validators=[InputRequired(_l("Choose a site"))])

    email = TextField(
        _l("E-mail address (optional)"),
        [Optional(), Email(_l("Enter an e-mail address like name@example.com"))],
        most=254,
    )

    @classmethod
    def of(cls, study: Study, sites: Collection[str] | None) -> "InviteForm":
        """The form with the study's groups, and those of its sites that the member sees (None: all)."""
        form = cls()
        form.group.choices = [SelectChoice(one.key, one.label) for one in study.groups]
        form.site.choices = [
            SelectChoice(one.key, one.name) for one in study.sites if sites is None or one.key in sites
        ]
        return form

    def tell_gone(self) -> None:
        """Say with each field whose choice is no longer offered that it is so, and why it may be."""
        for one in (self.group, self.site):
            if one.data and one.data not in {choice.value for choice in one.choices}:
                one.errors = [
                    _l("This can no longer be chosen: a new version of the study was published. Choose again")
                ]
