"""Canaille, an OpenID provider that is not ours, in a process of its own on a local port.

with running_provider("http://127.0.0.1:8000") as provider:
    visitor = Visitor(provider)
    callback = visitor.log_in(authorization_url)   # the address back at the service
    provider.kill()                                # as a crash
    provider.start(signs="key-2", publishes=("key-1",), clock_offset_seconds=3600)
"""

import html
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import httpx2
from oidc_provider import CLIENT_ID, CLIENT_SECRET, provider_key

__all__ = ["PROVIDER_PASSWORD", "PROVIDER_USER", "ProviderProcess", "Visitor", "running_provider"]

PROVIDER_USER = "ann"
PROVIDER_PASSWORD = "correct horse battery staple"  # noqa: S105  # of a test
CSRF_FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class ProviderProcess:
    """Provider at *port*, with the service at *service* as its client."""

    service: str
    port: int
    process: subprocess.Popen[str] | None = field(default=None, init=False)
    is_changed: bool = field(default=False, init=False)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def setting(self) -> str:
        """The setting of a service that uses this provider."""
        entry = {"id": "uni", "name": "Uni", "issuer": self.issuer}
        return json.dumps([entry | {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}])

    def start(
        self,
        *,
        signs: str = "key-1",
        publishes: Sequence[str] = (),
        clock_offset_seconds: int = 0,
    ) -> None:
        """Start the provider; it signs with one key, and publishes that and other keys."""
        self.is_changed = (signs, tuple(publishes), clock_offset_seconds) != ("key-1", (), 0)
        options = {
            "port": self.port,
            "service": self.service,
            "active": [provider_key(signs).as_dict(private=True)],
            "inactive": [provider_key(kid).as_dict(private=True) for kid in publishes],
            "clock_offset_seconds": clock_offset_seconds,
        }
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        watchdog = threading.Timer(60, self.process.kill)
        watchdog.start()
        self.process.stdin.write(json.dumps(options) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "ready\n"
        watchdog.cancel()

    def kill(self) -> None:
        """End the process at once; its port refuses connections afterwards."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait(10)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


@contextmanager
def running_provider(service: str) -> Iterator[ProviderProcess]:
    """Yield a running provider whose client is the service at an address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    provider = ProviderProcess(service, port)
    try:
        provider.start()
        yield provider
    finally:
        provider.kill()


@dataclass
class Visitor:
    """Person with a browser at the provider, whose cookies it keeps."""

    provider: ProviderProcess
    client: httpx2.Client = field(default_factory=httpx2.Client)
    passwords_typed: int = 0

    def log_in(self, url: str) -> str:
        """Go to *url*, log in if the provider asks, and return the address at the service."""
        reply = self._follow(self.client.get(url))
        while reply.status_code == httpx2.codes.OK:
            csrf = html.unescape(CSRF_FIELD.findall(reply.text)[0])
            fields = {"csrf_token": csrf}
            if 'name="password"' in reply.text:
                self.passwords_typed += 1
                fields["password"] = PROVIDER_PASSWORD
            else:
                fields["login"] = PROVIDER_USER
            reply = self._follow(self.client.post(str(reply.url), data=fields))
        return self._location(reply)

    def log_out(self, url: str) -> str:
        """Go to the logout page of the provider, and return the address at the service."""
        return self._location(self._follow(self.client.get(url)))

    def _follow(self, reply: httpx2.Response) -> httpx2.Response:
        """Follow redirects within the provider."""
        while reply.is_redirect and self._location(reply).startswith(self.provider.issuer):
            reply = self.client.get(self._location(reply))
        return reply

    def _location(self, reply: httpx2.Response) -> str:
        return urljoin(str(reply.url), reply.headers["Location"])


def serve() -> None:
    """Serve with the options of the first line of standard input, until it is closed."""
    options: dict[str, Any] = json.loads(sys.stdin.readline())
    _move_clock(options["clock_offset_seconds"])
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # the provider listens on this machine only
    from werkzeug.serving import make_server  # noqa: PLC0415  # the tests themselves need none

    server = make_server("127.0.0.1", options["port"], _create_app(options), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)  # noqa: T201
    sys.stdin.read()


def _move_clock(seconds: int) -> None:
    import time  # noqa: PLC0415

    real_time = time.time
    time.time = lambda: real_time() + seconds


def _create_app(options: dict[str, Any]) -> Any:
    """Return the application of Canaille with one person and one client."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from canaille import create_app  # noqa: PLC0415
    from canaille.app import models  # noqa: PLC0415
    from canaille.backends import Backend  # noqa: PLC0415

    app = create_app(
        {
            "ENV_FILE": None,
            "SECRET_KEY": "a secret of a provider of tests",
            "PREFERRED_URL_SCHEME": "http",
            "SERVER_NAME": f"127.0.0.1:{options['port']}",
            "CANAILLE": {"DATABASE": "memory"},
            "CANAILLE_OIDC": {
                "ACTIVE_JWKS": options["active"],
                "INACTIVE_JWKS": options["inactive"],
                "REQUIRE_NONCE": True,
            },
        }
    )
    with app.app_context():
        Backend.instance.save(
            models.User(
                user_name=PROVIDER_USER,
                formatted_name="Ann Example",
                family_name="Example",
                emails=["ann@example.edu"],
                password=PROVIDER_PASSWORD,
            )
        )
        client = models.Client(
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            client_name="Grader",
            client_uri=options["service"],
            client_id_issued_at=datetime.now(UTC),
            redirect_uris=[f"{options['service']}/login/oidc/uni/callback"],
            post_logout_redirect_uris=[f"{options['service']}/logged-out"],
            grant_types=["authorization_code"],
            response_types=["code"],
            scope=["openid", "email", "profile"],
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106
        )
        Backend.instance.save(client)
        client.audience = [client]  # the client has an id now
        Backend.instance.save(client)
    return app


if __name__ == "__main__":
    serve()
