"""The cast's interview that is on now: both sides of a room can be tried at once."""

from portal.people.service import PeopleService
from portal.rooms.service import RoomService
from portal.team.domain import Role
from portal.team.service import TeamService
from portal.wiring import Services
from portal.workspace.demo import Cast

WHO = "has an interview now"


def open_rooms(services: Services, cast: Cast) -> None:
    """Open the room of everybody in the cast who has an interview now; one that is open stays."""
    researcher = next(one for one in services.get(TeamService).members() if one.role is Role.RESEARCHER)
    for one in cast.participants:
        if one.who.endswith(WHO):
            person = services.get(PeopleService).by_study_id(one.study_id)
            services.get(RoomService).open_by_hand(person, staff_id=researcher.id)
