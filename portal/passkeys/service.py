"""Register passkeys and check what they sign (WebAuthn). Every passkey must verify its user: finger, face or PIN."""

import ipaddress
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from portal.audit.domain import Actor
from portal.audit.service import AuditLog
from portal.clock import Clock
from portal.db.engine import Database
from portal.passkeys import events
from portal.passkeys.domain import MOST, Passkey, Question
from portal.passkeys.errors import PasskeyRefused, TooManyPasskeys
from portal.passkeys.store import PasskeyRow
from portal.team.account_notices import AccountNotices, Change

_NAME = "Study page"
"""What a phone shows beside the passkey. It names no study."""
_VERIFIED = UserVerificationRequirement.REQUIRED


class PasskeyService:
    """The only reader and writer of passkeys."""

    def __init__(
        self, database: Database, clock: Clock, audit: AuditLog, notices: AccountNotices, *, public_url: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._notices = notices
        address = urlsplit(public_url)
        self._origin = f"{address.scheme}://{address.netloc}"
        self._host = address.hostname or ""

    @property
    def available(self) -> bool:
        """Browsers take passkeys for names only: not where the portal is reached by a bare IP address."""
        try:
            ipaddress.ip_address(self._host)
        except ValueError:
            return True
        return False

    def of(self, owner: str) -> list[Passkey]:
        """Somebody's passkeys, oldest first."""
        with self._database.reading() as session:
            rows = session.scalars(select(PasskeyRow).where(PasskeyRow.owner == owner).order_by(PasskeyRow.id))
            return [row.as_passkey() for row in rows]

    def ask_to_add(self, owner: str, label: str) -> Question:
        """The question that makes a browser create a passkey.

        Args:
            label: what a phone shows with several passkeys, such as a study ID.
        """
        asked = webauthn.generate_registration_options(
            rp_id=self._host, rp_name=_NAME, user_name=label,
            user_id=self._database.keyring.digest("passkeys.owner", owner),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
            ),
            exclude_credentials=self._known(owner),
        )  # fmt: skip
        return Question(webauthn.options_to_json(asked), asked.challenge)

    def add(self, owner: str, answer: str, challenge: bytes, *, actor: Actor, subject: str) -> None:
        """Keep a new passkey. Raises PasskeyRefused, TooManyPasskeys."""
        if len(self.of(owner)) >= MOST:
            raise TooManyPasskeys(owner)
        try:
            made = webauthn.verify_registration_response(
                credential=answer, expected_challenge=challenge, expected_rp_id=self._host,
                expected_origin=self._origin, require_user_verification=True,
            )  # fmt: skip
        except WebAuthnException as error:
            raise PasskeyRefused("not an answer to our question") from error
        row = PasskeyRow(
            owner=owner, credential_id=made.credential_id, public_key=made.credential_public_key,
            sign_count=made.sign_count, added_at=self._clock(),
        )  # fmt: skip
        try:
            with self._database.transaction() as session:
                session.add(row)
                session.flush()
                entry = self._audit.record(session, events.ADDED, actor=actor, subject=subject)
                self._notices.changed(session, owner, Change.PASSKEY_ADDED, entry)
        except IntegrityError as error:
            raise PasskeyRefused("this passkey is registered already") from error

    def ask(self, owner: str | None = None) -> Question:
        """The question that makes a browser sign with a passkey: anybody's, or only one of the owner's."""
        asked = webauthn.generate_authentication_options(
            rp_id=self._host, user_verification=_VERIFIED, allow_credentials=self._known(owner) if owner else None
        )
        return Question(webauthn.options_to_json(asked), asked.challenge)

    def check(self, answer: str, challenge: bytes) -> str:
        """Whose passkey answered: the owner's key. Raises PasskeyRefused."""
        try:
            given = webauthn.helpers.parse_authentication_credential_json(answer)
        except WebAuthnException as error:
            raise PasskeyRefused("not an answer") from error
        with self._database.transaction() as session:
            known = select(PasskeyRow).where(PasskeyRow.credential_id == given.raw_id).with_for_update()
            row = session.scalars(known).one_or_none()
            owner = row.owner if row is not None and self._signed(row, answer, challenge) else None
            if owner is None:
                self._audit.record(session, events.REFUSED, actor=Actor.system("sign-in"), subject="passkey")
        if owner is None:
            raise PasskeyRefused("not an answer to our question by a passkey that we know")
        return owner

    def remove(self, owner: str, passkey_id: int, *, actor: Actor, subject: str) -> None:
        """Forget one of the owner's passkeys. One that is not hers, or gone, changes nothing."""
        with self._database.transaction() as session:
            row = session.get(PasskeyRow, passkey_id)
            if row is not None and row.owner == owner:
                session.delete(row)
                entry = self._audit.record(session, events.REMOVED, actor=actor, subject=subject)
                self._notices.changed(session, owner, Change.PASSKEY_REMOVED, entry)

    def forget_all(self, session: Session, owner: str) -> None:
        """Forget every passkey of somebody, in the caller's transaction, which records why."""
        session.execute(delete(PasskeyRow).where(PasskeyRow.owner == owner))

    def has_any(self, owner: str) -> bool:
        """Whether somebody has a passkey."""
        with self._database.reading() as session:
            count = session.scalar(select(func.count()).where(PasskeyRow.owner == owner))
        return bool(count)

    def _signed(self, row: PasskeyRow, answer: str, challenge: bytes) -> bool:
        try:
            seen = webauthn.verify_authentication_response(
                credential=answer, expected_challenge=challenge, expected_rp_id=self._host,
                expected_origin=self._origin, credential_public_key=row.public_key,
                credential_current_sign_count=row.sign_count, require_user_verification=True,
            )  # fmt: skip
        except WebAuthnException:
            return False
        row.sign_count, row.last_used_at = seen.new_sign_count, self._clock()
        return True

    def _known(self, owner: str) -> list[PublicKeyCredentialDescriptor]:
        with self._database.reading() as session:
            ids = session.scalars(select(PasskeyRow.credential_id).where(PasskeyRow.owner == owner))
            return [PublicKeyCredentialDescriptor(id=one) for one in ids]
