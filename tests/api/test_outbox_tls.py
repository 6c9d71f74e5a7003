"""Tests of e-mail over encrypted connections with a login, with a real SMTP server process."""

import socket
import time

import pytest
from certificates import write_certificate
from smtp_process import running_mail_server
from sqlalchemy import select
from world import World

from api.config.mail_settings import build_client_name
from api.core.ids import new_id
from api.db.models import OutboxMessage, User
from api.services.outbox.queue import MessageSubject
from api.services.outbox.smtp import INVALID_CERTIFICATE, LOGIN_REFUSED

USER, PASSWORD = "grader", "a password of the server"


@pytest.fixture(params=["starttls", "tls"])
def server(request, tmp_path, monkeypatch):
    """Yield an encrypted server with a login, whose certificate this process trusts."""
    certificate = write_certificate(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    credentials = f"{USER}:{PASSWORD}"
    with running_mail_server(
        tmp_path / "mail", credentials, tls=request.param, certificate=certificate
    ) as running:
        yield running


@pytest.fixture
def send(database_url, server):
    """Return a function that delivers two messages with settings, and returns the service."""
    worlds = []

    def delivered(**settings):
        login = {"smtp_user": USER, "smtp_password": PASSWORD}
        worlds.append(World(database_url, settings=server.settings | login | settings))
        world = worlds[-1]
        with world.session() as session:
            ids = [new_id(), new_id()]
            for one in ids:
                address = f"{one}@example.edu"
                session.add(User(id=one, email=address, name="Ann", created_at=world.clock()))
            session.flush()
            world.service.outbox.add(
                session, "password_reset", ids, MessageSubject(), now=world.clock()
            )
        world.service.outbox_runner.run_until_idle()
        return world

    yield delivered
    for world in worlds:
        world.close()


def states(world):
    with world.session() as session:
        return [one.sent_at is not None for one in session.scalars(select(OutboxMessage))]


def errors(world):
    with world.session() as session:
        return {one.error for one in session.scalars(select(OutboxMessage))} - {""}


def test_mail_is_sent_over_an_encrypted_connection_with_a_login(send, server):
    world = send(public_url="https://grader.example")
    assert states(world) == [True, True]
    expected = {"encrypted": True, "login": True, "client": "grader.example"}
    assert server.connections() == [expected, expected]


def test_mail_waits_for_a_trusted_certificate(send, server, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    world = send()
    assert states(world) == [False, False]
    assert errors(world) == {INVALID_CERTIFICATE}
    assert server.messages() == []


def test_mail_waits_for_the_right_password(send, server):
    world = send(smtp_password="another one")  # noqa: S106
    assert states(world) == [False, False]
    assert errors(world) == {LOGIN_REFUSED}
    assert server.messages() == []


def test_connection_does_not_look_up_the_name_of_this_machine(send, server, monkeypatch):
    """Reverse DNS without an answer takes up to half a minute for each connection."""

    def look_up(_name=""):
        time.sleep(60)

    monkeypatch.setattr(socket, "getfqdn", look_up)
    begun = time.monotonic()
    assert states(send()) == [True, True]
    assert time.monotonic() - begun < 50
    assert len(server.messages()) == 2


@pytest.mark.parametrize(
    ("public_url", "name"),
    [
        ("https://grader.example", "grader.example"),
        ("https://GRADER.example:8443/x", "grader.example"),
        ("http://127.0.0.1:8000", "[127.0.0.1]"),
        ("http://[::1]:8000", "[IPv6:::1]"),
        ("http://localhost:8000", "localhost"),
        ("https://bücher.example", "bücher.example".encode("idna").decode()),
    ],
)
def test_client_name_is_that_of_the_public_address(public_url, name):
    assert build_client_name(public_url) == name
