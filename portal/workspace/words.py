"""The overview in words: what needs doing, and the stages of the flow."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.study.domain import Study
from portal.web.scopes import Permission
from portal.workspace.domain import Fact, Flow, Meeting, Step, Tally, ToDo
from portal.workspace.picture import Stage


def told(fact: Fact, study: Study, levels: Mapping[str, str]) -> str:
    """A fact of a participant's timeline in words; `levels` are the levels of withdrawal by key."""
    words: dict[str, object] = {  # lazily: of them all, one is said
        "invited": _l("Invited"),
        "opened": _l("Opened the link"),
        "read": _l("Opened the information sheet"),
        "consented": _l("Consented, form version %(detail)s", detail=fact.detail),
        "countersigned": _l("Countersigned by %(detail)s", detail=fact.detail),
        "withdrew": _l("Withdrew: %(detail)s", detail=levels.get(fact.detail, fact.detail)),
        "declined": _l("Said no: %(detail)s", detail=study.recruitment.label(fact.detail) or _l("no reason given")),
        "excluded": _l("Recorded as not taking part: %(detail)s", detail=study.recruitment.label(fact.detail)),
        "readmitted": _l("Taken back: can take part"),
        "answered": _l("Answered the first question about themselves"),
        "answered_last": _l("Answered the newest question about themselves"),
        "done": _l("Was interviewed"),
        "broken_off": _l("The interview was broken off"),
        "not_attended": _l("Did not come to the interview"),
        "booked": _l("Interview booked, %(detail)s", detail=fact.detail),
        "moved": _l("Interview moved or changed, %(detail)s", detail=fact.detail),
        "cancelled": _l("Interview cancelled, %(detail)s", detail=fact.detail),
        "recorded": _l("A recording began"),
        "recording_destroyed": _l("The recording %(detail)s was destroyed", detail=fact.detail),
    }
    return str(words.get(fact.what, fact.what))


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


def meetings_to_do(soon: Collection[Meeting], permissions: frozenset[str]) -> list[ToDo]:
    """What the next interviews ask of those who interview."""
    mine = soon and Permission.INTERVIEW in permissions
    return [ToDo("prepare", len(soon), "interviews.listing")] if mine else []


def stages(counted: Flow, study: Study, levels: Mapping[str, str]) -> list[Stage]:
    """The flow of participants, from invitation to interview; `levels` are the levels of withdrawal by key."""
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
