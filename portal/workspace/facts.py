"""Where every participant is, derived by the database itself, however many there are. No status is stored."""

from collections.abc import Collection, Iterator

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    distinct,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Session, aliased

from portal.consent.store import ConsentRow, CountersignatureRow, ReadingRow, WithdrawalRow
from portal.demographics.store import DemographicAnswerRow
from portal.people.store import ParticipantRow
from portal.recruitment.domain import Kind
from portal.recruitment.store import NotTakingPartRow
from portal.rooms.domain import Outcome
from portal.rooms.store import RoomOutcomeRow, RoomRow
from portal.study.domain import Study
from portal.study.service import Publication, StudyBook
from portal.workspace.domain import Standing, Step

_CONSENT = aliased(ConsentRow)
_SAID_NO = aliased(NotTakingPartRow)
_ENDING, _IDS = "ending", "ids"
"""Values of the statements: the levels that end participation, by version, and whose standing is asked for."""


class Derivation:
    """Derives standings by one version of the study. Thread-safe.

    Its statements are built once, since to build one takes several times as long as to have it answered for somebody.
    """

    def __init__(self, studies: StudyBook, version: Publication) -> None:
        self.version = version.content_hash
        self._ending = [
            (one.content_hash, level.key)
            for one in studies.all() for level in one.study.withdrawal.levels if level.ends_participation
        ]  # fmt: skip
        self._of_all, self._of_some = _standings(version.study), _standings(version.study, of_some=True)

    def derive(self, session: Session, ids: Collection[int] | None) -> Iterator[tuple[int, Standing]]:
        """Each participant's standing by number; of these only, or of everybody (None)."""
        found = (
            session.execute(self._of_all, {_ENDING: self._ending})
            if ids is None
            else session.execute(self._of_some, {_ENDING: self._ending, _IDS: list(ids)})
        )
        for row, step, read, detail, interviewed in found:
            yield row.id, Standing(row.as_participant(), Step(step), bool(read), detail, bool(interviewed))


def _standings(study: Study, *, of_some: bool = False) -> Select[ParticipantRow, str, bool, str, bool]:
    """Takes `_ENDING`, and `_IDS` if it asks for some people only."""
    ids: BindParameter[int] = bindparam(_IDS, expanding=True)
    ended = _ended()
    consents = select(ConsentRow.participant_id, func.max(ConsentRow.id).label("id"))
    said = select(NotTakingPartRow.participant_id, func.max(NotTakingPartRow.id).label("id"))
    if of_some:
        consents = consents.where(ConsentRow.participant_id.in_(ids))
        said = said.where(NotTakingPartRow.participant_id.in_(ids))
    last = consents.group_by(ConsentRow.participant_id).subquery("last_consent")
    last_said = said.group_by(NotTakingPartRow.participant_id).subquery("last_said")
    people = (
        ParticipantRow.__table__.outerjoin(last, last.c.participant_id == ParticipantRow.id)
        .outerjoin(_CONSENT, _CONSENT.id == last.c.id)
        .outerjoin(ended, ended.c.consent_id == _CONSENT.id)
        .outerjoin(CountersignatureRow, CountersignatureRow.consent_id == _CONSENT.id)
        .outerjoin(last_said, last_said.c.participant_id == ParticipantRow.id)
        .outerjoin(_SAID_NO, _SAID_NO.id == last_said.c.id)
    )
    withdrawn, said_no = ended.c.consent_id.is_not(None), _said_no()
    query = select(
        ParticipantRow,
        _step(withdrawn, said_no, study).label("step"),
        _read().label("read"),
        case((withdrawn, ended.c.level), (said_no, _SAID_NO.reason), else_="").label("detail"),
        _held(Outcome.DONE, Outcome.BROKEN_OFF).label("interviewed"),
    ).select_from(people)
    if of_some:
        query = query.where(ParticipantRow.id.in_(ids))
    return query.order_by(ParticipantRow.id)


def _ended() -> Subquery:
    """The consents that were withdrawn from altogether, with the level."""
    ending = tuple_(WithdrawalRow.publication_hash, WithdrawalRow.level).in_(bindparam(_ENDING, expanding=True))
    query = select(WithdrawalRow.consent_id, func.min(WithdrawalRow.level).label("level"))
    return query.where(ending).group_by(WithdrawalRow.consent_id).subquery("ended")


def _read() -> ColumnElement[bool]:
    return exists().where(ReadingRow.participant_id == ParticipantRow.id)


def _said_no() -> ColumnElement[bool]:
    """A consent given after saying no outweighs it."""
    since = or_(_CONSENT.id.is_(None), _SAID_NO.at > _CONSENT.at)
    return and_(_SAID_NO.kind.in_((Kind.DECLINED.value, Kind.EXCLUDED.value)), since)


def _step(
    withdrawn: ColumnElement[bool],
    said_no: ColumnElement[bool],
    study: Study,
) -> ColumnElement[str]:
    excluded = and_(said_no, _SAID_NO.kind == Kind.EXCLUDED.value)
    return case(
        (withdrawn, Step.WITHDRAWN.value),
        (excluded, Step.EXCLUDED.value),
        (said_no, Step.DECLINED.value),
        (and_(_CONSENT.id.is_(None), ParticipantRow.first_opened_at.is_(None), not_(_read())), Step.OPEN.value),
        (_CONSENT.id.is_(None), Step.CONSENT.value),
        (_outdated(study), Step.RECONSENT.value),
        (CountersignatureRow.id.is_(None), Step.COUNTERSIGN.value),
        (_held(Outcome.DONE, Outcome.BROKEN_OFF), Step.INTERVIEWED.value),
        (_held(Outcome.NOT_ATTENDED), Step.NOT_ATTENDED.value),
        (_unanswered(study), Step.ANSWER.value),
        else_=literal(Step.READY.value),
    )


def _held(*outcomes: Outcome) -> ColumnElement[bool]:
    """Whether an interview of hers ended so; the newest outcome of a room counts."""
    newest_outcome = select(func.max(RoomOutcomeRow.id)).group_by(RoomOutcomeRow.room_id)
    return exists().where(
        RoomRow.participant_id == ParticipantRow.id,
        RoomOutcomeRow.room_id == RoomRow.id,
        RoomOutcomeRow.outcome.in_([one.value for one in outcomes]),
        RoomOutcomeRow.id.in_(newest_outcome),
    )


def _outdated(study: Study) -> ColumnElement[bool]:
    return or_(
        *(
            and_(ParticipantRow.group == group, _CONSENT.form_hash != one.consent.content_hash)
            for group, one in study.documents.items()
        )
    )


def _unanswered(study: Study) -> ColumnElement[bool]:
    """Answers to questions that an earlier version asked do not count for those that this one asks."""
    asked = or_(
        *(
            and_(
                ParticipantRow.group == group,
                DemographicAnswerRow.question_key.in_([two.key for two in one.questionnaire.questions]),
            )
            for group, one in study.documents.items()
        )
    )
    answered = (
        select(func.count(distinct(DemographicAnswerRow.question_key)))
        .where(DemographicAnswerRow.participant_id == ParticipantRow.id, asked)
        .correlate(ParticipantRow)
        .scalar_subquery()
    )
    questions = case(
        *((ParticipantRow.group == group, len(one.questionnaire.questions)) for group, one in study.documents.items()),
        else_=0,
    )
    return answered < questions
