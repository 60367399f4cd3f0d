"""Messages in a list instead of on their way."""

from email.message import EmailMessage

from portal.messages.domain import Channel, Letter
from portal.messages.mime import as_email


class Post:
    """A sender that keeps what it is given, and fails when a test says how."""

    def __init__(self, emails: list[EmailMessage]) -> None:
        self.emails = emails
        self.letters: list[Letter] = []
        self.failing: Exception | None = None

    @property
    def texts(self) -> list[str]:
        """The text messages."""
        return [one.text for one in self.letters if one.channel is Channel.SMS]

    def send(self, letter: Letter) -> None:
        if self.failing is not None:
            raise self.failing
        self.letters.append(letter)
        if letter.channel is Channel.EMAIL:
            self.emails.append(as_email(letter, "no-reply@example.org"))

    def close(self) -> None:
        """Nothing is open."""


def text_of(message: EmailMessage) -> str:
    """The text part."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())
