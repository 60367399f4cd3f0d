"""The overview in words: what needs doing, and the stages of the flow."""

from collections import Counter
from collections.abc import Iterable, Mapping

from flask_babel import gettext as _

from portal.study.domain import Study
from portal.web.scopes import Permission
from portal.workspace.domain import Fact, Flow, Step, Tally, ToDo
from portal.workspace.picture import Stage


def told(fact: Fact, study: Study) -> str:
    """A fact of a participant's timeline in words."""
    levels = {one.key: one.label for one in study.withdrawal.levels}
    words: dict[str, str] = {
        "invited": _("Invited"),
        "opened": _("Opened the link"),
        "read": _("Opened the information sheet"),
        "consented": _("Consented, form version %(detail)s", detail=fact.detail),
        "countersigned": _("Countersigned by %(detail)s", detail=fact.detail),
        "withdrew": _("Withdrew: %(detail)s", detail=levels.get(fact.detail, fact.detail)),
        "declined": _("Said no: %(detail)s", detail=study.recruitment.label(fact.detail) or _("no reason given")),
        "excluded": _("Recorded as not taking part: %(detail)s", detail=study.recruitment.label(fact.detail)),
        "readmitted": _("Taken back: can take part"),
        "answered": _("Answered the first question about herself"),
        "answered_last": _("Answered the newest question about herself"),
        "done": _("Was interviewed"),
        "broken_off": _("The interview was broken off"),
        "not_attended": _("Did not come to the interview"),
        "booked": _("Interview booked, %(detail)s", detail=fact.detail),
        "moved": _("Interview moved or changed, %(detail)s", detail=fact.detail),
        "cancelled": _("Interview cancelled, %(detail)s", detail=fact.detail),
    }
    return words.get(fact.what, fact.what)


def steps_to_do(tallies: Iterable[Tally], permissions: frozenset[str]) -> list[ToDo]:
    """What the steps of the participants ask of the team."""
    wanted = ((Step.COUNTERSIGN, Permission.COUNTERSIGN, True), (Step.NOT_ATTENDED, Permission.BOOKINGS_MANAGE, False))
    people = Counter[Step]()
    for one in tallies:
        people[one.step] += one.people
    return [
        ToDo(step.value, people[step], "workspace.participants", {"step": step.value}, urgent=urgent)
        for step, permission, urgent in wanted
        if people[step] and permission in permissions
    ]


def stages(counted: Flow, study: Study) -> list[Stage]:
    """The flow of participants, from invitation to interview."""
    levels = {one.key: one.label for one in study.withdrawal.levels}
    reasons = {one.key: one.label for one in study.recruitment.reasons}
    return [
        Stage(
            [
                _("Invited: %(n)s", n=counted.invited),
                _("opened the link: %(n)s", n=counted.opened),
                _("read the information: %(n)s", n=counted.read),
            ],
            [
                _("Not taking part: %(n)s", n=counted.not_taking_part),
                *_listed(_("Excluded: %(n)s", n=sum(counted.excluded.values())), counted.excluded, reasons),
                *_listed(_("Said no: %(n)s", n=sum(counted.declined.values())), counted.declined, reasons),
                _("No answer yet: %(n)s", n=counted.undecided),
            ],
        ),
        Stage(
            [_("Consented: %(n)s", n=counted.consented)],
            _listed(_("Withdrew: %(n)s", n=sum(counted.withdrew.values())), counted.withdrew, levels),
        ),
        Stage(
            [_("Interviewed: %(n)s", n=counted.interviewed)],
            [_("Still to be interviewed: %(n)s", n=counted.waiting)],
        ),
    ]


def _listed(head: str, counts: Mapping[str, int], words: Mapping[str, str]) -> list[str]:
    return [head, *(f"• {words.get(key, key) or _('no reason given')}: {n}" for key, n in counts.items())]
