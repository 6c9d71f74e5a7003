"""Settings of e-mail: the SMTP server, the sender, and how many times a message is tried."""

import re
from ipaddress import ip_address
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.config.validators import LOOPBACK_NAMES

IPV4: Final = 4
ADDRESS_PATTERN: Final = re.compile(r"[^@\s<>]+@[^@\s<>]+")


def validate_address(address: str) -> str:
    """Return an e-mail address; raise `ValueError` if it is none."""
    if not ADDRESS_PATTERN.fullmatch(address):
        raise ValueError(
            f"{address!r} is not an e-mail address; write it without a name, such as "
            "grader@example.edu"
        )
    return address


class MailSettings(BaseModel):
    """Operator settings of e-mail; without `smtp_host` none is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    smtp_host: Annotated[
        str | None,
        Field(
            min_length=1,
            description="the SMTP server; without it no e-mail is sent, and the pages say so",
        ),
    ] = None
    smtp_port: Annotated[int, Field(ge=1, le=65535, description="the port of the SMTP server")] = (
        587
    )
    smtp_tls: Annotated[
        Literal["starttls", "tls", "none"],
        Field(
            description="how the connection to the SMTP server is encrypted: `starttls`, `tls` "
            "from its first byte (usually port 465), or `none`"
        ),
    ] = "starttls"
    smtp_user: Annotated[
        str | None,
        Field(description="the user name at the SMTP server; without it there is no login"),
    ] = None
    smtp_password: Annotated[
        str | None,
        Field(
            description="the password at the SMTP server",
            json_schema_extra={"secret": True},
        ),
    ] = None
    mail_from: Annotated[
        str | None,
        AfterValidator(validate_address),
        Field(
            description="the sender's e-mail address; required with `GRADER_SMTP_HOST`",
        ),
    ] = None
    mail_tries: Annotated[
        int,
        Field(
            ge=1,
            le=100,
            description="how many times the worker tries to send a message that the SMTP server "
            "does not accept yet, with increasing pauses, by default for three days; then staff "
            "see it as failed. While the server cannot be used, messages wait without using a try",
        ),
    ] = 80
    mail_per_hour: Annotated[
        int,
        Field(
            ge=1,
            le=10_000,
            description="how many e-mails one person gets in an hour; other messages wait, and "
            "then come in one e-mail. Password reset links do not count",
        ),
    ] = 10
    mail_per_second: Annotated[
        float,
        Field(
            gt=0,
            le=1000,
            description="how many e-mails the worker sends per second at most; many SMTP servers "
            "have a limit, and faster sending slows down submissions",
        ),
    ] = 5

    @model_validator(mode="after")
    def _check_mail(self) -> Self:
        """Refuse settings of an SMTP server that do not fit together."""
        if self.smtp_host is None:
            return self
        if self.mail_from is None:
            raise ValueError("GRADER_SMTP_HOST needs GRADER_MAIL_FROM, the address of the sender")
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("GRADER_SMTP_USER and GRADER_SMTP_PASSWORD belong together; set both")
        is_local = self.smtp_host in LOOPBACK_NAMES
        if self.smtp_user is not None and self.smtp_tls == "none" and not is_local:
            raise ValueError(
                "GRADER_SMTP_TLS=none would send the password unencrypted; use starttls or tls"
            )
        return self


def build_client_name(public_url: str) -> str:
    """Return the name with which the service introduces itself to the SMTP server (EHLO).

    Without one, smtplib looks up the name of this machine for each connection. In a container, that
    can take half a minute, and the name is useless.

    >>> build_client_name("https://grader.example.edu"), build_client_name("http://127.0.0.1:8000")
    ('grader.example.edu', '[127.0.0.1]')
    """
    host = urlsplit(public_url).hostname or "localhost"
    try:
        address = ip_address(host)
    except ValueError:
        return host.encode("idna").decode("ascii")
    return f"[{address}]" if address.version == IPV4 else f"[IPv6:{address}]"
