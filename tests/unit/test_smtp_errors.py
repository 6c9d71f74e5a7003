"""Tests of the errors of an SMTP server: instructors see the reason, operators the server too."""

import smtplib
import socket
import ssl
import threading
from email.message import EmailMessage

import pytest
from certificates import write_certificate

from api.services.outbox import smtp
from api.services.outbox.smtp import DeliverySettings, MailError, SmtpTransport

CONNECTIONS = (smtp._Connection, smtp._TlsConnection)  # noqa: SLF001
LOST_REPLY = smtp._LostReplyError  # noqa: SLF001


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def send(port: int, tls: str, **login: str) -> MailError:
    settings = DeliverySettings("127.0.0.1", port, tls, "grader@example.edu", "", 1, 1, 1, **login)
    with pytest.raises(MailError) as caught:
        SmtpTransport(settings).send(EmailMessage())
    return caught.value


@pytest.mark.parametrize("connection", CONNECTIONS)
@pytest.mark.parametrize("code", [451, 554])
def test_rejected_message_data_is_not_a_lost_reply(connection, code, monkeypatch):
    def refuse(_connection, _text):
        raise smtplib.SMTPDataError(code, b"not now")

    monkeypatch.setattr(smtplib.SMTP, "data", refuse)
    with pytest.raises(smtplib.SMTPDataError):
        connection().data("text")


@pytest.mark.parametrize("error", [smtplib.SMTPServerDisconnected("gone"), TimeoutError("late")])
def test_connection_lost_during_message_data_is_a_lost_reply(error, monkeypatch):
    def lose(_connection, _text):
        raise error

    monkeypatch.setattr(smtplib.SMTP, "data", lose)
    with pytest.raises(LOST_REPLY):
        CONNECTIONS[0]().data("text")


def check_names_of_server(error: MailError, port: int) -> None:
    assert error.is_unreachable
    assert str(port) not in str(error)
    assert "127.0.0.1" not in str(error)
    assert f"the SMTP server 127.0.0.1:{port} cannot be used: " in error.details


def test_refused_connection_names_the_server_only_to_operators(listener):
    port = listener.getsockname()[1]
    listener.close()
    error = send(port, "none")
    check_names_of_server(error, port)
    assert str(error) == smtp.NOT_REACHED
    assert "refused" in error.details


def test_certificate_mismatch_names_the_server_only_to_operators(listener, tmp_path, monkeypatch):
    port, file = listener.getsockname()[1], write_certificate(tmp_path, "mail.example.edu")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    def refuse_client():
        with pytest.raises((ssl.SSLError, OSError)):
            context.wrap_socket(listener.accept()[0], server_side=True).recv(1)

    thread = threading.Thread(target=refuse_client)
    thread.start()
    error = send(port, "tls")
    thread.join()
    check_names_of_server(error, port)
    assert str(error) == smtp.INVALID_CERTIFICATE
    assert "not valid for '127.0.0.1'" in error.details


def test_server_without_a_supported_login_is_a_settings_error(listener):
    port = listener.getsockname()[1]

    def greet_client():
        with listener.accept()[0] as connection:
            connection.sendall(b"220 mail.example.edu\r\n")
            connection.recv(1_000)
            connection.sendall(b"250-mail.example.edu\r\n250 AUTH XOAUTH2\r\n")
            connection.recv(1_000)

    thread = threading.Thread(target=greet_client)
    thread.start()
    error = send(port, "none", user="ada", password="geheim")  # noqa: S106  # not a secret
    thread.join()
    check_names_of_server(error, port)
    assert str(error) == smtp.NOT_SUPPORTED
    assert error.is_permanent
