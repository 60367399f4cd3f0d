"""A letter as an e-mail: text and HTML side by side, and files with the parameters of their types."""

from email.message import EmailMessage
from email.utils import formataddr, formatdate

from portal.messages.domain import Letter


def as_email(letter: Letter, mail_from: str) -> EmailMessage:
    """The message to hand over. Line breaks in a header are refused by the email library."""
    message = EmailMessage()
    message["From"] = formataddr((letter.sender_name, mail_from))
    message["To"], message["Subject"] = letter.to, letter.subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{letter.message_id}@{mail_from.rpartition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.stop_url:
        message["List-Unsubscribe"] = f"<{letter.stop_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    for file in letter.attachments:
        main, _, sub = file.media_type.partition("/")
        message.add_attachment(
            file.content, maintype=main, subtype=sub, filename=file.name, params=dict(file.parameters)
        )
    return message
