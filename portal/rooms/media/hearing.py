"""What a page says over its data channel: read, limited, allowed, and carried out once."""

from collections.abc import Callable

from portal.rooms.media import acts, commands
from portal.rooms.media.commands import Refused
from portal.rooms.media.members import Member


def hear(room: acts.Stage, member: Member, message: str | bytes, refused: Callable[[str], None]) -> None:
    """Carry out a command and say so, or say why not. What is not refused and has no name is not answered.

    Args:
        refused: gets the code of every refusal.
    """

    def refuse(number: str | int | None, code: str) -> None:
        refused(code)
        room.tell(member, {"type": "refused", "id": number, "code": code})

    if not member.rate.take():
        if member.rate.warn():
            refuse(None, "too_many")
        return
    number: str | int | None = None
    try:
        command = commands.read(message)
        number = command.id
        _perform(room, member, command)
    except Refused as error:
        refuse(number, error.code)
        return
    if number is not None:
        room.tell(member, {"type": "done", "id": number})


def _perform(room: acts.Stage, member: Member, command: commands.Command) -> None:
    """Once: what was said again over another connection, since no answer had come, was done already."""
    if command.id is not None and command.id in member.done:
        return
    commands.allow(command, admitted=member.admitted, runs_room=member.role.runs_room)
    acts.perform(room, member, command)
    if command.id is not None:
        member.done.append(command.id)
