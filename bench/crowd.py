"""A study with thousands of invented people, written straight into the tables: what the workspace's benchmarks look at.

Everything fits as if the portal had written it: personal values are sealed with each participant's own key, and the
audit chain holds.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, MetaData, Table, insert, select, update

from portal.audit.domain import Event
from portal.db.engine import Database
from portal.db.kinds import DataKind
from portal.db.personal_keys import _KEYS, _PURPOSE
from portal.receipts.service import ReceiptService
from portal.study.service import StudyBook
from portal.wiring import Services

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_BATCH = 5000
_RECEIPT = b"%PDF-1.7 invented receipt\n" + os.urandom(8_000)


@dataclass(frozen=True)
class Crowd:
    """How many of each."""

    people: int = 10_000
    events: int = 200_000


class Keys:
    """Makes every participant's keys in one go, and seals with them."""

    def __init__(self, database: Database, owners: Iterable[str]) -> None:
        self._known: dict[tuple[str, DataKind], tuple[int, AESGCM]] = {}
        rows, keyring = [], database.keyring
        for number, (owner, kind) in enumerate(((owner, kind) for owner in owners for kind in list(DataKind)[:3]), 1):
            key = secrets.token_bytes(32)
            self._known[owner, kind] = number, AESGCM(key)
            rows.append(
                {
                    "id": number, "owner": owner, "kind": kind.value, "generation": 1,
                    "fingerprint": hashlib.sha256(key).hexdigest(), "sealed": keyring.seal(_PURPOSE, key),
                }
            )  # fmt: skip
        with database.personal._writing.begin() as connection:
            _fill(connection, _KEYS, rows)

    def seal(self, owner: str, kind: DataKind, purpose: str, text: bytes) -> bytes:
        """As PersonalKeys does."""
        number, cipher = self._known[owner, kind]
        nonce = os.urandom(12)
        return number.to_bytes(8, "big") + nonce + cipher.encrypt(nonce, text, purpose.encode())


def fill(services: Services, staff_id: int, crowd: Crowd) -> None:
    """Write the crowd. The database holds staff and a published study, and no participant yet."""
    database = services.get(Database)
    tables = MetaData()
    tables.reflect(database.engine)
    people = list(_people(services, crowd.people))
    keys = Keys(database, [one["study_id"] for one in people])
    with database.transaction() as session:
        connection = session.connection()
        zone = None if connection.dialect.name == "sqlite" else UTC
        make = _Rows(services, people, keys, staff_id, zone)
        for name in ("participant", "identity", "sheet_reading", "consent", "consent_answer", "countersignature",
                     "withdrawal", "not_taking_part", "demographic_answer", "receipt"):  # fmt: skip
            _fill(connection, tables.tables[name], getattr(make, name)())
        _events(connection, tables, crowd.events, people, zone)
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
            for name in tables.tables:
                _set_sequence(connection, name)


def _set_sequence(connection: Connection, table: str) -> None:
    found = connection.exec_driver_sql(
        "SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name = 'id'"
        " AND column_default LIKE 'nextval%%'", (table,)
    ).scalar()  # fmt: skip
    if found:
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), COALESCE((SELECT max(id) FROM {table}), 1))"
        )


def _fill(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        connection.execute(insert(table), batch)


def _people(services: Services, many: int) -> Iterator[dict[str, Any]]:
    study = services.get(StudyBook).current().study
    for number in range(1, many + 1):
        group, site = study.groups[number % 5 == 0], study.sites[number % 10 == 0]
        yield {"id": number, "study_id": f"{group.prefix}-{number:05}", "group": group.key, "site": site.key}


class _Rows:
    """The rows of each table. Of a hundred people 80 consented, 70 of them countersigned; 4 withdrew, 6 said no."""

    def __init__(self, services: Services, people: list[dict[str, Any]], keys: Keys, staff: int, zone: Any) -> None:
        self._publication = services.get(StudyBook).current()
        self._database = services.get(Database)
        self._certificate = services.get(ReceiptService).certificate_pem.decode("ascii")
        self._people, self._keys, self._staff, self._zone = people, keys, staff, zone

    def _at(self, number: int, days: int = 0) -> datetime:
        return (START + timedelta(minutes=number * 20, days=days)).replace(tzinfo=self._zone)

    def _documents(self, one: dict[str, Any]) -> Any:
        return self._publication.study.documents[one["group"]]

    def _consented(self) -> Iterator[dict[str, Any]]:
        return (one for one in self._people if one["id"] % 100 < 80)

    def participant(self) -> Iterator[dict[str, Any]]:
        for one in self._people:
            opened = self._at(one["id"], 1) if one["id"] % 100 < 92 else None
            yield {**one, "language": "en", "invited_at": self._at(one["id"]), "first_opened_at": opened}

    def identity(self) -> Iterator[dict[str, Any]]:
        for one in self._consented():
            address = f"p{one['id']}@example.org"
            sealed = self._keys.seal(one["study_id"], DataKind.CONTACT, "people.identity.email", address.encode())
            digest = self._database.keyring.digest("people.identity.email", address)
            yield {"participant_id": one["id"], "email": sealed, "email_digest": digest}

    def sheet_reading(self) -> Iterator[dict[str, Any]]:
        for one in self._people:
            if one["id"] % 100 < 90:
                sheet = self._documents(one).information_sheet.content_hash
                yield {"participant_id": one["id"], "sheet_hash": sheet, "at": self._at(one["id"], 1)}

    def consent(self) -> Iterator[dict[str, Any]]:
        for one in self._consented():
            documents = self._documents(one)
            yield {
                "id": one["id"], "reference": f"C-{one['id']:08}", "participant_id": one["id"], "generation": 0,
                "publication_hash": self._publication.content_hash, "form_hash": documents.consent.content_hash,
                "sheet_hash": documents.information_sheet.content_hash, "language": "en",
                "name": self._keys.seal(one["study_id"], DataKind.CONSENT, "consent.consent.name", b"Invented Person"),
                "drawn": self._keys.seal(one["study_id"], DataKind.CONSENT, "consent.consent.drawn", b""),
                "at": self._at(one["id"], 2), "chain_seq": one["id"], "chain_hash": "0" * 64,
            }  # fmt: skip

    def consent_answer(self) -> Iterator[dict[str, Any]]:
        for one in self._consented():
            for at, statement in enumerate(self._documents(one).consent.statements, 1):
                initials = self._keys.seal(one["study_id"], DataKind.CONSENT, "consent.answer.initials", b"IP")
                yield {
                    "consent_id": one["id"], "position": at, "statement_key": statement.key,
                    "statement_hash": statement.hash_in("en"), "agreed": True, "initials": initials,
                }  # fmt: skip

    def countersignature(self) -> Iterator[dict[str, Any]]:
        name = self._database.keyring.seal("consent.countersignature.name", b"Invented Researcher")
        for one in self._consented():
            if one["id"] % 100 < 70:
                said = self._keys.seal(
                    one["study_id"], DataKind.CONSENT, "consent.countersignature.conversation", b"All of it."
                )
                yield {
                    "id": one["id"], "reference": f"S-{one['id']:08}", "consent_id": one["id"],
                    "staff_id": self._staff, "name": name, "conversation_on": self._at(one["id"], 3),
                    "conversation": said, "identity_check": "known-to-service", "at": self._at(one["id"], 3),
                    "chain_seq": one["id"], "chain_hash": "0" * 64,
                }  # fmt: skip

    def withdrawal(self) -> Iterator[dict[str, Any]]:
        for one in self._consented():
            if one["id"] % 100 < 4:
                yield {
                    "reference": f"W-{one['id']:08}", "participant_id": one["id"], "consent_id": one["id"],
                    "publication_hash": self._publication.content_hash, "level": "stop-keep",
                    "at": self._at(one["id"], 9), "chain_seq": one["id"], "chain_hash": "0" * 64,
                }  # fmt: skip

    def not_taking_part(self) -> Iterator[dict[str, Any]]:
        for one in self._people:
            if 80 <= one["id"] % 100 < 86:
                reason = ("no-time", "recording", "")[one["id"] % 3]
                yield {"participant_id": one["id"], "kind": "declined", "reason": reason, "at": self._at(one["id"], 2)}

    def demographic_answer(self) -> Iterator[dict[str, Any]]:
        for one in self._consented():
            if one["id"] % 100 >= 60:
                continue
            questionnaire = self._documents(one).questionnaire
            for at, question in enumerate(questionnaire.questions):
                given = [question.choices[(one["id"] + at) % len(question.choices)].key] if question.choices else ["7"]
                value = json.dumps({"given": given, "declined": False}).encode()
                yield {
                    "participant_id": one["id"], "questionnaire_hash": questionnaire.content_hash,
                    "question_key": question.key, "at": self._at(one["id"], 4),
                    "value": self._keys.seal(one["study_id"], DataKind.ANSWERS, "demographics.answer.value", value),
                }  # fmt: skip

    def receipt(self) -> Iterator[dict[str, Any]]:
        for one in self._consented():
            pdf = _RECEIPT + str(one["id"]).encode()
            yield {
                "kind": "consent", "reference": f"C-{one['id']:08}", "sha256": hashlib.sha256(pdf).hexdigest(),
                "sealed_at": self._at(one["id"], 2), "level": "PAdES B-B", "certificate": self._certificate,
                "chain_seq": None, "chain_hash": None,
                "pdf": self._keys.seal(one["study_id"], DataKind.CONSENT, "receipts.receipt.pdf", pdf),
            }  # fmt: skip


def _events(connection: Connection, tables: MetaData, many: int, people: list[dict[str, Any]], zone: Any) -> None:
    head = tables.tables["audit_head"]
    seq, previous = connection.execute(select(head.c.seq, head.c.hash)).one()

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal seq, previous
        for number in range(many):
            seq += 1
            one = people[number % len(people)]
            subject = f"participant:{one['study_id']}"
            at = START + timedelta(seconds=number * 100)
            event = Event(seq, at, "people.invitation_opened", subject, subject, {})
            previous = event.hash(previous)
            yield {
                "seq": seq, "at": at.replace(tzinfo=zone), "kind": event.kind, "actor": subject, "subject": subject,
                "fields": {}, "hash": previous,
            }  # fmt: skip

    _fill(connection, tables.tables["audit_event"], rows())
    connection.execute(update(head).values(seq=seq, hash=previous))
