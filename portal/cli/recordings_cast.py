"""The demonstration's keys and one invented recording, so that a first look shows a player that plays."""

from base64 import b64encode

from portal.audit.domain import Actor
from portal.cli.booking_cast import BOOKED
from portal.cli.recordings.simulate import make
from portal.duties.loop import RECORDINGS, Duty
from portal.people.domain import Participant
from portal.people.service import PeopleService
from portal.recordings import age
from portal.recordings.catalogue import Catalogue
from portal.recordings.keys.domain import NewWrap, WrapKind
from portal.recordings.keys.passphrase import seal
from portal.recordings.keys.recovery import make as make_recovery
from portal.recordings.keys.service import KeyService
from portal.recordings.service import RecordingService
from portal.rooms.domain import Outcome
from portal.rooms.joining import JoinService
from portal.rooms.service import RoomService
from portal.settings import Settings
from portal.team.domain import Role
from portal.team.service import TeamService
from portal.wiring import Services
from portal.workspace.demo import KEY_PASSPHRASE, read

SECONDS = 10
_WORK = 17
"""Quicker to open than what the browser makes: the passphrase is known to everybody anyway."""


def prepare(services: Services, person: Participant) -> None:
    """Keys for lead and researcher under a known passphrase, a recovery key, and an interview that was broken off: she
    has another one booked.
    """
    members = {one.role: one.id for one in services.get(TeamService).members()}
    lead, researcher = members[Role.LEAD], members[Role.RESEARCHER]
    keys = services.get(KeyService)
    for owner, other in ((lead, researcher), (researcher, lead)):
        identity = age.new_identity()
        sealed = seal(identity.encode(), KEY_PASSPHRASE, work=_WORK)
        wrap = NewWrap(WrapKind.PASSPHRASE, "Demonstration", b64encode(sealed).decode())
        keys.confirm(keys.register(str(identity.recipient), [wrap], staff_id=owner).id, staff_id=other)
    recovery = make_recovery(2, 3)
    registered = keys.register_recovery(
        str(recovery.identity.recipient), threshold=2, shares=3, actor=Actor.system("demonstration")
    )
    keys.confirm(registered.id, staff_id=lead)
    room = services.get(RoomService).open_by_hand(person, staff_id=researcher)
    services.get(JoinService).note_ended(room)
    services.get(RoomService).mark(room, Outcome.BROKEN_OFF, "", staff_id=researcher)


def recording_duty(services: Services, settings: Settings) -> Duty:
    """The worker makes the recording of that interview, so that nobody waits for it at the start."""
    return Duty("make the demonstration's recording", 5, lambda: _record(services, settings), RECORDINGS)


def _record(services: Services, settings: Settings) -> int:
    cast = read(settings.instance)
    if cast is None or services.get(RecordingService).recordings():
        return 0
    people, rooms = services.get(PeopleService), services.get(RoomService)
    held = [
        room
        for one in cast.participants
        if one.who.endswith(BOOKED)
        for room in rooms.of_participant(people.by_study_id(one.study_id))
    ]
    if not held:
        return 0
    now = services.get(KeyService).recipients_now()
    make(settings.instance / "vault", [*now.members, now.recovery], SECONDS, room=held[0].code)
    services.get(Catalogue).run()
    return 1
