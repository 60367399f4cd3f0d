"""Where participants are, and whether a version of the study still has those places."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from portal.study.domain import Study
from portal.study.errors import Kind, LeftOut


@dataclass(frozen=True)
class Place:
    """A group at a site, by their keys, and how many people are there."""

    group: str
    site: str
    people: int


def left_out(places: Iterable[Place], study: Study, earlier: Iterable[Study]) -> list[LeftOut]:
    """Groups and sites with people in them that the study does not have.

    Args:
        earlier: the versions that had them, oldest first, to call them by the name that they had last.
    """
    groups, sites = Counter[str](), Counter[str]()
    for one in places:
        groups[one.group] += one.people
        sites[one.site] += one.people
    known = list(earlier)
    labels = {one.key: one.label for version in known for one in version.groups}
    names = {one.key: one.name for version in known for one in version.sites}
    return [
        *_missing("group", groups, {one.key for one in study.groups}, labels),
        *_missing("site", sites, {one.key for one in study.sites}, names),
    ]


def _missing(
    kind: Kind, people: Mapping[str, int], kept: Collection[str], names: Mapping[str, str]
) -> Iterator[LeftOut]:
    for key in sorted(people):
        if key not in kept:
            yield LeftOut(kind, key, names.get(key, key), people[key])
