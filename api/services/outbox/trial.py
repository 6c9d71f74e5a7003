"""Test message, by which an operator tries the settings of e-mail."""

from datetime import UTC, datetime
from email.utils import make_msgid
from typing import Final

from api.config.settings import ServiceSettings
from api.core.errors import FileError
from api.services.outbox.composition import EmailDraft
from api.services.outbox.queue import NO_MAIL_MESSAGE
from api.services.outbox.smtp import DeliverySettings, MailError, SmtpTransport
from api.services.outbox.texts import TEST_SUBJECT, TEST_TEXT, MessageText

SET_UP_HINT: Final = "Set GRADER_SMTP_HOST and GRADER_MAIL_FROM."


def send_test_message(settings: ServiceSettings, address: str) -> str:
    """Send a test message to *address* and return what to tell the operator.

    Raises `FileError` if no e-mail is set up, or if the server does not take the message.
    """
    mail = DeliverySettings.from_settings(settings)
    if mail is None:
        raise FileError(f"{NO_MAIL_MESSAGE} {SET_UP_HINT}")
    if "@" not in address or not address.isprintable():
        raise FileError(f"{address!r} is not an e-mail address.")
    draft = EmailDraft(
        MessageText(TEST_SUBJECT, TEST_TEXT),
        recipient=address,
        message_id=make_msgid(domain=mail.sender.rpartition("@")[2]),
        date=datetime.now(UTC),
    )
    transport = SmtpTransport(mail)
    try:
        transport.send(draft.build(mail))
    except MailError as error:
        raise FileError(f"The message was not sent: {error.details}") from error
    finally:
        transport.close()
    return f"{mail.host}:{mail.port} accepted the message for {address}."
