"""SMTP server in a process of its own, which stores what it accepts as files.

``python smtp_process.py FOLDER`` listens on a free port and prints it. Mail for
``refused…`` gets 550, mail for ``later…`` 451, the text of mail for ``spam…`` 554, and mail
from ``refused…`` 550. Mail for ``lost…`` is stored and the connection closed instead of a
reply; mail for ``slow…`` gets its reply after seconds. With ``USER:PASSWORD`` as a second
argument it takes mail from that user only. The third argument, ``starttls`` or ``tls``, encrypts
the connection with the certificate in the file of the fourth one. Beside each message it stores
a JSON file: how the connection was encrypted, who had logged in, and the name of the client.
"""

import asyncio
import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

__all__ = ["HOST", "MailServer", "running_mail_server"]

HOST = "mail.example.edu"
SLOW_SECONDS = 5


class StoringHandler:
    """Handler that stores each accepted message in *folder*."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address.startswith("refused"):
            return f"550 {HOST} does not know {address}"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.startswith("refused"):
            return f"550 no such mailbox: {address}"
        if address.startswith("later"):
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        recipient = envelope.rcpt_tos[0]
        if recipient.startswith("spam"):
            return f"554 {HOST} takes no spam"
        self.count += 1
        part = self.folder / f"{self.count:04}.part"
        part.write_bytes(envelope.content)
        cipher = server.transport.get_extra_info("cipher")
        state = {"encrypted": cipher is not None, "login": session.authenticated}
        state |= {"client": session.host_name}
        part.with_suffix(".json").write_text(json.dumps(state))
        part.rename(part.with_suffix(".eml"))
        if recipient.startswith("lost"):
            server.transport.abort()
        if recipient.startswith("slow"):
            await asyncio.sleep(SLOW_SECONDS)
        return "250 stored"


def serve(folder: Path, credentials: str, tls: str, certificate: str) -> None:
    """Serve until the parent closes the standard input."""

    def authenticate(*arguments: Any) -> AuthResult:
        sent = arguments[-1]
        is_known = f"{sent.login.decode()}:{sent.password.decode()}" == credentials
        return AuthResult(success=is_known, handled=is_known)  # otherwise the server is silent

    options: dict[str, Any] = {"hostname": HOST}
    if credentials:
        options |= {"authenticator": authenticate, "auth_required": True}
        options["auth_require_tls"] = tls == "starttls"
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    if tls == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
        context = None
    with asyncio.Runner() as runner:
        runner.run(listen(StoringHandler(folder), options, context))


async def listen(
    handler: StoringHandler, options: Mapping[str, Any], context: ssl.SSLContext | None
) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, **options), "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await asyncio.to_thread(sys.stdin.read)
    server.close()


@dataclass(frozen=True)
class MailServer:
    """Running server: its port, and the folder of what it accepted."""

    port: int
    folder: Path
    tls: str = "none"

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of a service that sends to this server."""
        return {
            "smtp_host": "127.0.0.1",
            "smtp_port": self.port,
            "smtp_tls": self.tls,
            "mail_from": "grader@example.edu",
        }

    def messages(self) -> list[EmailMessage]:
        """Return what the server accepted, first message first."""
        files = sorted(self.folder.glob("*.eml"))
        return [message_from_bytes(one.read_bytes(), policy=default) for one in files]  # type: ignore[misc]

    def connections(self) -> list[dict[str, Any]]:
        """Return the state of the connection of each message that the server accepted."""
        return [json.loads(one.read_text()) for one in sorted(self.folder.glob("*.json"))]


@contextmanager
def running_mail_server(
    folder: Path, credentials: str = "", *, tls: str = "", certificate: Path | None = None
) -> Iterator[MailServer]:
    """Yield a server in a process of its own."""
    folder.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, __file__, str(folder), credentials, tls, str(certificate or "")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    watchdog = threading.Timer(30, process.kill)
    watchdog.start()
    try:
        port = int(process.stdout.readline())
        watchdog.cancel()
        yield MailServer(port, folder, tls or "none")
    finally:
        watchdog.cancel()
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), *sys.argv[2:])
