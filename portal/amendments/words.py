"""Why a version is refused, in the reader's language."""

from flask_babel import gettext as _
from flask_babel import ngettext

from portal.study.errors import LeftOut, PeopleLeftOut


def people_left_out(error: PeopleLeftOut) -> str:
    """Which groups and sites are missing, how many people are in each, and what to do."""
    places = "; ".join(_place(one) for one in error.left)
    return str(
        _(
            "Nothing has changed: this version leaves out groups or sites with people in them, and their pages and data"
            " would break. %(places)s. Put them back into the study's files, then put the version forward again. To end"
            " recruitment there, stop inviting people instead.",
            places=places,
        )
    )


def _place(one: LeftOut) -> str:
    name = one.name
    if one.kind == "group":
        return str(ngettext("Group %(name)s: %(num)s person", "Group %(name)s: %(num)s people", one.people, name=name))
    return str(ngettext("Site %(name)s: %(num)s person", "Site %(name)s: %(num)s people", one.people, name=name))
