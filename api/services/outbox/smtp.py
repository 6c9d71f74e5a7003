"""SMTP transport: sends e-mail over one connection that stays open between messages."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Final, Literal, Self

from api.config.mail_settings import build_client_name
from api.config.settings import ServiceSettings

TIMEOUT_SECONDS: Final = 20.0
SEND_TIMEOUT_SECONDS: Final = 45.0
"""Seconds to wait for each reply to a message; servers may check a message before they accept it.

There are at most six waits, and together they must be shorter than the claim on the message.
"""
TEMPORARY_CODE: Final = 400
PERMANENT_CODE: Final = 500
"""SMTP replies from this code on refuse a message for good."""
INVALID_LOGIN: Final = (
    "the SMTP server cannot be used: its name is not valid, or the user name or password is not"
    " ASCII"
)
NOT_REACHED: Final = "the SMTP server cannot be reached"
NOT_READY: Final = "the SMTP server is not accepting connections at the moment"
INVALID_CERTIFICATE: Final = "the certificate of the SMTP server is not valid"
NO_ENCRYPTION: Final = "the encrypted connection to the SMTP server fails"
NOT_SUPPORTED: Final = "the SMTP server does not support the encryption or login of the settings"
LOGIN_REFUSED: Final = "the SMTP server refuses the login"
SENDER_REFUSED: Final = "the SMTP server refuses the sender's address"
MESSAGE_REFUSED: Final = "the SMTP server refuses the message"
MESSAGE_DELAYED: Final = "the SMTP server does not accept the message yet"
LOST_REPLY: Final = "the reply of the SMTP server was lost; the message may have been sent"
MAX_ERROR_LENGTH: Final = 300


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """Settings of delivery: the SMTP server, the *sender*, and the limits."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    sender: str
    public_url: str
    max_tries: int
    per_hour: int
    per_second: float
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> Self | None:
        """Return the settings of e-mail, or None if it is not set up."""
        if settings.smtp_host is None or settings.mail_from is None:
            return None
        return cls(
            host=settings.smtp_host,
            port=settings.smtp_port,
            tls=settings.smtp_tls,
            sender=settings.mail_from,
            public_url=settings.public_url,
            max_tries=settings.mail_tries,
            per_hour=settings.mail_per_hour,
            per_second=settings.mail_per_second,
            user=settings.smtp_user,
            password=settings.smtp_password,
        )


class MailError(Exception):
    """The SMTP server did not accept a message, or cannot be used; the text says why.

    Instructors see the text. *details* are for administrators and may name the server.
    *is_permanent*: the server refuses this message, so another try is useless. *is_unreachable*:
    the server cannot be used at all, so that other messages would fail too. With both, the settings
    are wrong. *is_uncertain*: the server may have accepted the message, because its reply was lost.
    *server* is the address of a server that cannot be used; the details contain it.
    """

    def __init__(
        self,
        reason: str,
        *,
        details: str = "",
        is_permanent: bool = False,
        is_unreachable: bool = False,
        is_uncertain: bool = False,
        server: str = "",
    ) -> None:
        super().__init__(reason[:MAX_ERROR_LENGTH])
        self.details = (details or reason)[:MAX_ERROR_LENGTH]
        self.is_permanent, self.is_unreachable = is_permanent, is_unreachable
        self.is_uncertain = is_uncertain
        self.server = server


class _LostReplyError(Exception):
    """The connection broke during or after the text of a message, so the outcome is unknown."""


class _LostReplyMixin:
    """Mixin of SMTP connections that reports a lost reply to the text of a message."""

    def data(self, msg: Any) -> Any:
        """Send the text of a message, and return the reply."""
        try:
            return super().data(msg)  # type: ignore[misc]  # a method of smtplib.SMTP
        except smtplib.SMTPResponseException:
            raise  # a reply, and not a lost one; the class derives from OSError
        except OSError as error:
            raise _LostReplyError(str(error)) from error


class _Connection(_LostReplyMixin, smtplib.SMTP):
    """Connection that begins unencrypted."""


class _TlsConnection(_LostReplyMixin, smtplib.SMTP_SSL):
    """Connection that is encrypted from its first byte."""


class SmtpTransport:
    """Connection to an SMTP server that stays open between messages."""

    def __init__(self, mail: DeliverySettings) -> None:
        self._mail = mail
        self._connection: smtplib.SMTP | None = None

    def send(self, message: EmailMessage) -> None:
        """Send *message*; return once the server has accepted it.

        Raises `MailError` otherwise.
        """
        connection = self._connection or self.connect()
        try:
            connection.send_message(message)
        except _LostReplyError as error:
            self.close()
            details = f"{LOST_REPLY}: {error}"
            raise MailError(LOST_REPLY, details=details, is_uncertain=True) from error
        except smtplib.SMTPServerDisconnected as error:
            self.close()
            raise MailError(f"the SMTP server hung up: {error}") from error
        except (smtplib.SMTPException, UnicodeError, ValueError) as error:
            raise _to_mail_error(error) from error
        except OSError as error:
            self.close()
            raise MailError(f"the connection broke: {error}", is_unreachable=True) from error

    def close(self) -> None:
        """Close the connection, if one is open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except (smtplib.SMTPException, OSError):
                connection.close()

    def connect(self) -> smtplib.SMTP:
        """Return the open connection, or a new one if the server has closed it.

        Raises `MailError` if the server cannot be used.
        """
        if self._connection is not None and not _is_alive(self._connection):
            self.close()
        if self._connection is None:
            try:
                self._connection = self._open()
            except UnicodeError as error:  # its text would show characters of the password
                raise MailError(INVALID_LOGIN, is_unreachable=True, is_permanent=True) from error
            except (smtplib.SMTPException, OSError) as error:
                address = f"{self._mail.host}:{self._mail.port}"
                raise MailError(
                    _explain_connection_error(error),
                    details=f"the SMTP server {address} cannot be used: {_describe_error(error)}",
                    is_permanent=_is_wrong_setting(error),
                    is_unreachable=True,
                    server=address,
                ) from error
        return self._connection

    def _open(self) -> smtplib.SMTP:
        mail = self._mail
        name = build_client_name(mail.public_url)
        options: dict[str, Any] = {"local_hostname": name, "timeout": TIMEOUT_SECONDS}
        if mail.tls == "tls":
            context = ssl.create_default_context()
            connection: smtplib.SMTP = _TlsConnection(
                mail.host, mail.port, context=context, **options
            )
        else:
            connection = _Connection(mail.host, mail.port, **options)
        try:
            if mail.tls == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if mail.user is not None and mail.password is not None:
                connection.login(mail.user, mail.password)
            connection.ehlo_or_helo_if_needed()
            if connection.sock is not None:
                connection.sock.settimeout(SEND_TIMEOUT_SECONDS)
        except BaseException:
            connection.close()
            raise
        return connection


def _is_alive(connection: smtplib.SMTP) -> bool:
    try:
        return connection.noop()[0] < TEMPORARY_CODE
    except (smtplib.SMTPException, OSError):
        return False


def _to_mail_error(error: Exception) -> MailError:
    """Return the refusal of one message as a `MailError`.

    Instructors see the reply about a recipient, because they can correct the address. Other replies
    are for administrators.
    """
    details = _describe_error(error)
    match error:
        case smtplib.SMTPRecipientsRefused():
            code = max((reply[0] for reply in error.recipients.values()), default=0)
            return MailError(details, is_permanent=code >= PERMANENT_CODE)
        case smtplib.SMTPSenderRefused() if error.smtp_code >= PERMANENT_CODE:
            # A fault of the settings, not of the message: the server refuses all others too.
            return MailError(
                SENDER_REFUSED,
                details=f"{SENDER_REFUSED}, {error.sender}: {details}",
                is_permanent=True,
                is_unreachable=True,
            )
        case smtplib.SMTPResponseException():
            is_permanent = error.smtp_code >= PERMANENT_CODE
            reason = MESSAGE_REFUSED if is_permanent else MESSAGE_DELAYED
            return MailError(reason, details=f"{reason}: {details}", is_permanent=is_permanent)
        case _:
            return MailError(details, is_permanent=True)


def _explain_connection_error(error: Exception) -> str:
    """Return why no connection was opened, without the reply and the name of the server."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return LOGIN_REFUSED
        case smtplib.SMTPNotSupportedError():
            return NOT_SUPPORTED
        case smtplib.SMTPException():
            return NOT_SUPPORTED if _has_no_login(error) else NOT_READY
        case ssl.SSLCertVerificationError():
            return INVALID_CERTIFICATE
        case ssl.SSLError():
            return NO_ENCRYPTION
        case _:
            return NOT_REACHED


def _is_wrong_setting(error: Exception) -> bool:
    """Return whether no connection can be opened until somebody changes the settings."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return error.smtp_code >= PERMANENT_CODE
    return isinstance(error, smtplib.SMTPNotSupportedError) or _has_no_login(error)


def _has_no_login(error: Exception) -> bool:
    """Return whether the server offers only logins that smtplib does not know.

    smtplib raises the base class itself for this, and subclasses for all other errors.
    """
    return type(error) is smtplib.SMTPException


def _describe_error(error: Exception) -> str:
    """Return the reply of the server, or the message of another error, as one line."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            replies = [f"{code} {_to_text(text)}" for code, text in error.recipients.values()]
            return "; ".join(replies) or "the recipient was refused"
        case smtplib.SMTPResponseException():
            return f"{error.smtp_code} {_to_text(error.smtp_error)}"
        case _:
            return " ".join(str(error).split()) or type(error).__name__


def _to_text(reply: bytes | str) -> str:
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    return " ".join(text.split())
