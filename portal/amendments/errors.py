"""What can go wrong with an amendment."""


class AmendmentUnknown(Exception):
    """There is no such amendment."""


class NothingChanged(Exception):
    """The files say exactly what is published, or what was published before."""


class NotOpen(Exception):
    """It is published, withdrawn or overtaken by another version."""


class ApprovedBefore(Exception):
    """The same person does not approve twice."""


class NotApproved(Exception):
    """Two people, one of them a lead, have not approved it yet."""


class BadArchive(Exception):
    """The file is not a ZIP of a study's files, or one that must not be unpacked. The message says why."""
