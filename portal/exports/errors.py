"""Why there is no export."""


class NothingToExport(Exception):
    """Nobody whom the reader may see has consented yet."""


class SiteUnknown(Exception):
    """No such site, or not hers to see."""
