"""What can go wrong with a message."""


class UnknownMessage(Exception):
    """No message has this name, or it was given other fields than it declares."""


class NotSent(Exception):
    """This message was not taken just now; it will be tried again."""


class ServiceDown(Exception):
    """The service cannot be reached, or talks nonsense: no message is to blame, and none is tried until later."""


class Refused(Exception):
    """The address is refused for good."""


class HalfSent(Exception):
    """It was cut off when everything had been handed over but nothing confirmed: it may have arrived."""


class MessageUnknown(Exception):
    """No such message waits for the team."""


class StopUnknown(Exception):
    """The link that stops messages is not one of ours, or its key is gone."""
