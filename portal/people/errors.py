"""What can go wrong on the way in."""


class InvitationUnknown(Exception):
    """No invitation has this token: mistyped, cut short by an e-mail program, or invented."""


class InvitationExpired(Exception):
    """The invitation is too old or was replaced by a newer one."""


class InvitationUsed(Exception):
    """The invitation was opened before. Its owner comes back with her e-mail address."""


class CannotRecruit(Exception):
    """A document of the study is still a draft, so nobody may be invited outside a demonstration."""


class PlaceGone(Exception):
    """The study as it is published now has no such group or site."""


class ParticipantUnknown(Exception):
    """No such participant."""


class NoAddress(Exception):
    """She has given no address that something could be sent to, or wants no messages."""


class EmailTaken(Exception):
    """Another participant comes back with this address."""


class CodeRefused(Exception):
    """The code is wrong, used, too old, or was tried too often. Which of them is not told."""
