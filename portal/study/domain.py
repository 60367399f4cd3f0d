"""A study as data: frozen, checked, the same after a journey through JSON.

Words are the HRA's: information sheet, consent form, statement, debrief sheet, privacy notice.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from portal.canonical import canonical_json, sha256_hex
from portal.study.booking import BookingRules
from portal.study.interview import InterviewRoom, TopicGuide
from portal.study.parts import Colour, Document, Effect, Frozen, GroupKey, Key, Text, Version
from portal.study.recruitment import Recruitment
from portal.study.retention import Retention


class Sponsor(Frozen):
    """Who answers for the study."""

    name: Text
    colour: Colour
    logo: Annotated[str, StringConstraints(max_length=140_000)] = ""
    """A PNG picture in base64, from the file beside study.yaml that `logo` names there; empty for none."""


class Ethics(Frozen):
    """The Research Ethics Committee and its reference."""

    name: Text
    reference: Text


class Contact(Frozen):
    """Somebody to ask."""

    name: Text
    role: Text
    email: Text
    phone: str = ""


class Site(Frozen):
    """An NHS Trust or another place that recruits."""

    key: Key
    name: Text


class Group(Frozen):
    """A kind of participant with documents of its own."""

    key: GroupKey
    label: Text
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,4}$")]
    """First letters of the study IDs."""


class Signature(Frozen):
    """How consent is signed."""

    kind: Literal["typed", "typed_and_drawn"] = "typed_and_drawn"
    identity_check: bool = True


class WithdrawalLevel(Frozen):
    """One way to stop, from some of it to all of it."""

    key: Key
    label: Text
    explanation: Text
    stops: tuple[Effect, ...] = ()
    """Optional effects that end. Empty together with ends_participation false is refused."""
    ends_participation: bool = False
    removes_data: bool = False

    @model_validator(mode="after")
    def _does_something(self) -> "WithdrawalLevel":
        if not (self.stops or self.ends_participation or self.removes_data):
            raise ValueError("this level changes nothing: give it stops, ends_participation or removes_data")
        return self


class Withdrawal(Frozen):
    """The ways to stop, and until when answers can still be taken out."""

    removable_days: int = Field(ge=0, le=3650)
    """Days after the interview (or, before one, after consent) within which data can be removed."""
    after_cutoff: Text
    levels: tuple[WithdrawalLevel, ...] = Field(min_length=1)


class Signpost(Frozen):
    """Help at any hour, shown on every participant's page."""

    name: Text
    about: Text
    phone: str = ""
    text: str = ""
    url: str = ""
    last_checked: date


class Statement(Frozen):
    """One thing that a participant agrees to, or not."""

    key: Key
    text: Text
    kind: Literal["mandatory", "optional"]
    effect: Effect | None = None
    explain: Text
    """Shown when it is answered with no: what that means, without blame."""

    def hash_in(self, language: str) -> str:
        """SHA-256 (hex) of what was shown: text and meaning, in a language."""
        shown = {"key": self.key, "text": self.text, "kind": self.kind, "effect": self.effect, "language": language}
        return sha256_hex(canonical_json(shown))


class ConsentForm(Version):
    """The statements, and what is signed at the end."""

    intro: Text
    statements: tuple[Statement, ...] = Field(min_length=1)
    declaration: Text

    def statement(self, key: str) -> Statement:
        """The statement of this key. Raises KeyError."""
        for one in self.statements:
            if one.key == key:
                return one
        raise KeyError(key)


class Choice(Frozen):
    """An answer to choose."""

    key: Key
    text: Text


class CheckQuestion(Frozen):
    """A question that helps to see whether the sheet is clear. It never blocks."""

    key: Key
    question: Text
    choices: tuple[Choice, ...] = Field(min_length=2)
    answer: Key
    because: Text
    section: Key


class ComprehensionCheck(Version):
    """The check after the information sheet."""

    questions: tuple[CheckQuestion, ...] = Field(min_length=1)


class Question(Frozen):
    """A question about the participant. Every one can be passed over with "prefer not to say"."""

    key: Key
    kind: Literal["single", "multiple", "text", "year", "number"]
    label: Text
    hint: str = ""
    why: Text
    choices: tuple[Choice, ...] = ()
    minimum: int | None = None
    maximum: int | None = None

    @model_validator(mode="after")
    def _has_choices(self) -> "Question":
        if (self.kind in ("single", "multiple")) != bool(self.choices):
            raise ValueError("choices belong to questions of the kinds single and multiple, and only to them")
        return self


class Questionnaire(Version):
    """The demographic questions of a group."""

    intro: Text
    questions: tuple[Question, ...] = Field(min_length=1)

    def question(self, key: str) -> Question:
        """The question of this key. Raises KeyError."""
        for one in self.questions:
            if one.key == key:
                return one
        raise KeyError(key)


class Documents(Frozen):
    """Everything that one group reads and answers."""

    information_sheet: Document
    privacy: Document
    debrief: Document
    consent: ConsentForm
    comprehension: ComprehensionCheck
    questionnaire: Questionnaire
    topic_guide: TopicGuide | None = None
    """What the interviewer asks. Without one, the room shows none."""
    distress_protocol: Document | None = None
    """What the interviewer does when somebody is distressed."""

    @property
    def all(self) -> tuple[Version, ...]:
        """Every document."""
        every = (
            self.information_sheet,
            self.privacy,
            self.debrief,
            self.consent,
            self.comprehension,
            self.questionnaire,
            self.topic_guide,
            self.distress_protocol,
        )
        return tuple(one for one in every if one is not None)


class Study(Frozen):
    """A whole study."""

    title: Text
    short_title: Text
    iras_id: Text
    ethics: Ethics
    sponsor: Sponsor
    funder: Text
    contacts: tuple[Contact, ...] = Field(min_length=1)
    data_protection_officer: Contact
    complaints: Text
    sites: tuple[Site, ...] = Field(min_length=1)
    sites_apart: bool = True
    """Members of the team see the participants of their own sites only. False: everybody sees all."""
    groups: tuple[Group, ...] = Field(min_length=1)
    languages: tuple[str, ...] = ("en",)
    signature: Signature
    consent_layout: Literal["one_per_page", "all_on_one"]
    reading_time_hours: int = Field(ge=0, le=336)
    questionnaire_editable_days: int = Field(ge=0, le=3650)
    withdrawal: Withdrawal
    retention: tuple[Retention, ...] = Field(min_length=1)
    signposts: tuple[Signpost, ...] = Field(min_length=1)
    interview_room: InterviewRoom = InterviewRoom()
    booking: BookingRules = BookingRules()
    recruitment: Recruitment = Recruitment()
    documents: dict[str, Documents]

    @model_validator(mode="after")
    def _documents_for_every_group(self) -> "Study":
        missing = {group.key for group in self.groups} ^ set(self.documents)
        if missing:
            raise ValueError(f"groups and folders of documents differ: {', '.join(sorted(missing))}")
        return self

    @model_validator(mode="after")
    def _recruitment_names_what_exists(self) -> "Study":
        places = {(site.key, group.key) for site in self.sites for group in self.groups}
        for target in self.recruitment.targets:
            if (target.site, target.group) not in places:
                raise ValueError(f"recruitment: no site {target.site!r} with group {target.group!r}")
        asked = {one.key for documents in self.documents.values() for one in documents.questionnaire.questions}
        unknown = sorted(set(self.recruitment.sampling) - asked) if self.documents else []
        if unknown:
            raise ValueError(f"recruitment: sampling names questions that are not asked: {', '.join(unknown)}")
        return self

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) over the study's canonical JSON."""
        return sha256_hex(canonical_json(self.model_dump(mode="json")))

    @property
    def draft(self) -> bool:
        """True while any document is a draft."""
        return any(one.status == "draft" for documents in self.documents.values() for one in documents.all)

    def group(self, key: str) -> Group:
        """The group of this key. Raises KeyError."""
        for one in self.groups:
            if one.key == key:
                return one
        raise KeyError(key)

    def site(self, key: str) -> Site:
        """The site of this key. Raises KeyError."""
        for one in self.sites:
            if one.key == key:
                return one
        raise KeyError(key)
