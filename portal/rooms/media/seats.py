"""Who sees whom: each person's slots filled from the others' streams, and how much picture she can take."""

from collections.abc import Sequence

from portal.rooms.media.members import Member
from portal.rooms.media.sdp import SHARE, SLOTS


def fill(viewer: Member, present: Sequence[Member], now: float) -> None:
    """Put everybody who is present into the viewer's slots, and what is shared beside them."""
    if viewer.peer is None:
        return
    wanted = {viewer.slot_for(other.person): other for other in present if other is not viewer}
    for slot in range(SLOTS):
        sound, picture = viewer.peer.slots[slot]
        sender = wanted.get(slot)
        peer = sender.peer if sender else None
        sound.attach(peer.microphone if peer else None, now)
        picture.attach(peer.camera if peer and sender and sender.ticket.video else None, now)
    sharer = next((one for one in present if one.sharing and one is not viewer), None)
    streams = sharer.peer.share if sharer and sharer.peer else ()
    for output, stream in zip(viewer.peer.slots[SHARE], streams or (None, None), strict=True):
        output.attach(stream, now)


def videos_for(viewer: Member, present: Sequence[Member]) -> int:
    """How many cameras are shown to her."""
    return sum(1 for one in present if one is not viewer and one.camera)


def can_take(receiver: Member, present: Sequence[Member]) -> int | None:
    """Bits a second that she can take of each picture; None where that is not known, or where she gets none."""
    if receiver.peer is None or receiver.video_held:
        return None
    return receiver.peer.receiver.per_video(max(1, videos_for(receiver, present)))
