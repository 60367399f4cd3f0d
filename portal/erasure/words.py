"""The study's periods in words."""

from flask_babel import gettext as _
from flask_babel import ngettext

_YEAR = 365.25


def after(days: int, milestone: str) -> str:
    """When the portal erases something, such as "10 years after: The study has ended". Whole years are told as such."""
    years = round(days / _YEAR)
    if days == 0:
        return str(_("erases it as soon as this is declared: %(milestone)s", milestone=milestone))
    if years and abs(days - years * _YEAR) < 1:
        return str(
            ngettext(
                "erases it %(num)s year after: %(of)s", "erases it %(num)s years after: %(of)s", years, of=milestone
            )
        )
    return str(
        ngettext("erases it %(num)s day after: %(of)s", "erases it %(num)s days after: %(of)s", days, of=milestone)
    )
