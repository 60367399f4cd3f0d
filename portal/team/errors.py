"""What can go wrong with the team's accounts."""


class SignInRefused(Exception):
    """Password or code is wrong, or the account is closed. Which of them is not told."""


class InvitationRefused(Exception):
    """The link is unknown, used or too old."""


class EmailTaken(Exception):
    """Another member has this address."""


class MemberUnknown(Exception):
    """No such member."""


class LastLead(Exception):
    """The study would be left without a lead."""


class NotYourself(Exception):
    """Nobody changes her own role, closes her own account, or is the second person for herself."""


class NotYoursToGive(Exception):
    """Only a lead gives or takes a role that sees participants."""
