"""Tests of `grader mail test`, with a real SMTP server in another process."""

import pytest

from api.services.outbox.texts import TEST_SUBJECT

ONE_DATABASE = True


@pytest.fixture
def mail_server(mail_server, monkeypatch):
    for name, value in mail_server.settings.items():
        monkeypatch.setenv(f"GRADER_{name.upper()}", str(value))
    return mail_server


def test_test_message_is_delivered(grader, mail_server):
    ran = grader("mail", "test", "ops@example.edu")
    assert ran.code == 0, ran.err
    assert f"127.0.0.1:{mail_server.port} accepted the message for ops@example.edu." in ran.err
    [message] = mail_server.messages()
    assert (message["To"], message["Subject"]) == ("ops@example.edu", TEST_SUBJECT)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("refused@example.edu", "550 no such mailbox"),
        ("nobody", "is not an e-mail address"),
        ("a@b\nBcc: eve@example.edu", "is not an e-mail address"),
    ],
)
def test_server_rejection_is_shown(grader, mail_server, address, reason):
    ran = grader("mail", "test", address)
    assert ran.code == 2
    assert reason in ran.err
    assert mail_server.messages() == []


def test_unreachable_mail_server_is_named(grader, mail_server, monkeypatch):
    monkeypatch.setenv("GRADER_SMTP_PORT", "1")
    ran = grader("mail", "test", "ops@example.edu")
    assert ran.code == 2
    assert "the SMTP server 127.0.0.1:1 cannot be used" in ran.err
    assert mail_server.messages() == []


def test_missing_mail_settings_are_listed(grader, monkeypatch):
    monkeypatch.delenv("GRADER_SMTP_HOST", raising=False)
    ran = grader("mail", "test", "ops@example.edu")
    assert ran.code == 2
    assert "Set GRADER_SMTP_HOST and GRADER_MAIL_FROM" in ran.err
