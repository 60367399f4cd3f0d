"""The consent register: every consent by study ID, with what it was given to and what followed."""

from collections.abc import Collection, Iterator

from portal.clock import london_day
from portal.consent.history import PastConsent
from portal.exports.domain import Tally, csv_line
from portal.exports.gather import Gathering

BOM = b"\xef\xbb\xbf"
"""Spreadsheets take a file for UTF-8 only if it starts so."""
_HEAD = (
    "study_id", "group", "site", "consent_reference", "consented_on", "form_version", "form_date", "sheet_version",
    "sheet_date", "form_sha256", "sheet_sha256",
    "optional_statements_agreed", "countersignature_reference", "countersigned_on", "countersigned_by",
    "withdrawals",
)  # fmt: skip


def register(gathering: Gathering, sites: Collection[str] | None, tally: Tally) -> Iterator[bytes]:
    """The register as CSV. It names the staff who took consent, and no participant."""
    yield BOM + csv_line(_HEAD)
    for chunk in gathering.people(sites):
        tally.people += len(chunk)
        for person in chunk:
            who = person.participant
            for one in person.consents:
                yield csv_line((who.study_id, who.group, who.site, *_line(one)))


def _line(one: PastConsent) -> tuple[str, ...]:
    agreed = [statement.key for statement, yes in one.answered if yes and statement.kind == "optional"]
    stopped = [f"{two.level} {london_day(two.at).isoformat()} {two.reference}" for two in one.withdrawals]
    signed = one.countersigned
    return (
        one.reference, london_day(one.at).isoformat(), one.form.version, one.form.date.isoformat(), one.sheet.version,
        one.sheet.date.isoformat(), one.form.content_hash, one.sheet.content_hash,
        "; ".join(agreed), signed.reference if signed else "",
        london_day(signed.at).isoformat() if signed else "", signed.name if signed else "", "; ".join(stopped),
    )  # fmt: skip
