"""The team's forms."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, EqualTo, InputRequired, Length, Regexp, ValidationError

from portal.study.domain import Study
from portal.study.service import StudyBook
from portal.team.domain import LONGEST_PASSWORD, SHORTEST_PASSWORD, Member, Role, may_give
from portal.team.passwords import easily_guessed
from portal.web.forms import ChoicesField, Form, TextField
from portal.web.services import service

ROLES = [
    SelectChoice(Role.LEAD.value, _l("Lead: everything, and the team's accounts")),
    SelectChoice(Role.RESEARCHER.value, _l("Researcher: invites, takes consent, interviews")),
    SelectChoice(Role.AUDITOR.value, _l("Auditor: reads, changes nothing")),
    SelectChoice(Role.IT.value, _l("IT: accounts only, sees no participant")),
]


def code_field() -> TextField:
    """A code of the authenticator app."""
    return TextField(
        _l("Code from your authenticator app"),
        [DataRequired(_l("Enter the code")), Regexp(r"^\d{6}$", message=_l("Enter the 6 digits of the code"))],
        most=6,
    )


def new_password_field() -> PasswordField:
    """A password to be."""
    return PasswordField(
        _l("Choose a password"),
        [
            InputRequired(_l("Choose a password")),
            Length(SHORTEST_PASSWORD, LONGEST_PASSWORD, _l("Use at least %(min)d characters, such as four words")),
            _not_guessed,
        ],
    )


def _not_guessed(_form: object, field: PasswordField) -> None:
    study = service(StudyBook).current().study
    if easily_guessed(str(field.data), [study.title, study.sponsor.name, *(site.name for site in study.sites)]):
        raise ValidationError(_("This is easily guessed. Use four words that have nothing to do with each other"))


def again_field() -> PasswordField:
    """The same password once more."""
    return PasswordField(_l("The password again"), [EqualTo("password", _l("Enter the same password in both places"))])


class SignInForm(Form):
    """Address, password and code together."""

    email = TextField(_l("E-mail address"), [DataRequired(_l("Enter your e-mail address"))], most=254)
    password = PasswordField(_l("Password"), [InputRequired(_l("Enter your password")), Length(max=LONGEST_PASSWORD)])
    code = code_field()


class ConfirmForm(Form):
    """Password and code again, before a delicate act."""

    password = PasswordField(_l("Password"), [InputRequired(_l("Enter your password")), Length(max=LONGEST_PASSWORD)])
    code = code_field()


class PasswordForm(Form):
    """A new password for somebody who has just proved who she is."""

    password = new_password_field()
    again = again_field()


class JoinForm(Form):
    """Open an account."""

    name = TextField(_l("Your name, as it should stand on consent receipts"), [DataRequired(_l("Enter your name"))])
    email = TextField(
        _l("Your work e-mail address"),
        [DataRequired(_l("Enter your e-mail address")), Email(_l("Enter an e-mail address like name@example.com"))],
        most=254,
    )
    password = new_password_field()
    again = again_field()
    code = code_field()


ALL_SITES = "*"


class MemberForm(Form):
    """A member's role and sites, for an invitation or a change."""

    role = RadioField(_l("What does the member do?"), validators=[InputRequired(_l("Choose a role"))])
    sites = ChoicesField(
        _l("Whose participants does the member see?"), validators=[InputRequired(_l("Choose at least one site"))]
    )

    @classmethod
    def of(cls, study: Study, me: Role, member: Member | None = None) -> "MemberForm":
        """The form with the roles that I may give and the study's sites, filled with what holds for the member now."""
        held = sorted(member.sites) if member and member.sites is not None else [ALL_SITES]
        form = cls(data={"role": member.role.value, "sites": held} if member else {"sites": [ALL_SITES]})
        form.role.choices = [one for one in ROLES if may_give(me, Role(one.value))]
        form.sites.choices = [
            SelectChoice(ALL_SITES, _l("Every site")),
            *(SelectChoice(one.key, one.name) for one in study.sites),
        ]
        return form

    def chosen_sites(self) -> list[str] | None:
        """Keys of the sites; None for all of them."""
        return None if ALL_SITES in self.sites.data else list(self.sites.data)
