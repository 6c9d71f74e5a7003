"""Checks of the profile `tls` of docker-compose.yml: what the proxy passes and blocks."""

import hashlib
import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection

from deploy.saying import check
from deploy.stack import PROXY, Stack

__all__ = ["absent", "tried"]

SITE = "localhost"
ROOT_CERTIFICATE = "/data/caddy/pki/authorities/local/root.crt"
INSIDE = ("/metrics", "/metrics/", "//metrics", "/%6Detrics", "/METRICS", "/readyz", "/x/../readyz")
"""Paths that are served inside only, and other spellings of them."""
FORGED = "203.0.113.9"
LOG_IN = "/api/v1/login"
CUT_OFF = 20
"""The proxy's timeout in seconds, at most, for a request head that never ends."""
FROM_WITHIN = """
import socket, ssl, sys
proxy, request = sys.argv[1:]
context = ssl._create_unverified_context()
raw = socket.create_connection((proxy, 443))
with context.wrap_socket(raw, server_hostname="localhost") as told:
    told.sendall(request.encode())
    told.recv(100)
    print(told.getsockname()[0])
"""
"""Sends a request from the API's container, and prints the address that it comes from."""


def absent(stack: Stack) -> str | None:
    """Return why the proxy's image is not available, or None if it is."""
    try:
        stack.compose("--profile", "tls", "pull", "--policy", "missing", "tls")
    except RuntimeError as error:
        return str(error).strip().splitlines()[-1]
    return None


def tried(stack: Stack) -> None:
    """Start the proxy in front of a running *stack*, run the checks, and stop it."""
    stack.settings |= {
        "COMPOSE_PROFILES": "tls",
        "GRADER_SITE": SITE,
        "GRADER_HOSTS": SITE,
        "GRADER_PUBLIC_URL": f"https://{SITE}",
    }
    stack.up()
    certificate = stack.run("tls", "cat", ROOT_CERTIFICATE)
    context = ssl.create_default_context(cadata=certificate)
    check_answers(stack, context)
    check_addresses(stack, context)
    check_cut_off(stack, context)
    stack.compose("stop", "tls")
    code = stack.exit_code("tls")
    check(code == 0, f"a stop of the proxy ended with {code}")


def check_answers(stack: Stack, context: ssl.SSLContext) -> None:
    """Check the responses over HTTPS and HTTP."""
    with asked(through(stack, context), "/healthz") as answer:
        kept = answer.headers["Strict-Transport-Security"]
        check(answer.status == 200 and bool(kept), f"HTTPS answers and is to stay: {kept}")
    plain = HTTPConnection("127.0.0.1", stack.http_port, timeout=CUT_OFF)
    with asked(plain, "/courses?a=b", Host=SITE) as answer:
        to = answer.headers["Location"]
        check(to == f"https://{SITE}/courses?a=b", f"HTTP sends to {to}")
    token = f"Bearer {stack.metrics_token()}"
    for path in INSIDE:
        with asked(through(stack, context), path, Authorization=token) as answer:
            check(answer.status == 404, f"{path} is not told outside: {answer.status}")
    with asked(through(stack, context), LOG_IN, body=b"0" * 300_000) as answer:
        check(answer.status == 413, f"a body too long is refused: {answer.status}")


def check_addresses(stack: Stack, context: ssl.SSLContext) -> None:
    """Check that failed logins are counted per client address.

    That is neither the proxy's address nor a forged one.
    """
    told = json.dumps({"email": "nobody@example.edu", "password": "it is not this one"})
    headers = {"Content-Type": "application/json", "X-Forwarded-For": FORGED}
    with asked(through(stack, context), LOG_IN, body=told.encode(), **headers) as answer:
        check(answer.status == 401, f"a wrong password is refused: {answer.status}")
    head = [f"POST {LOG_IN} HTTP/1.1", f"Host: {SITE}", f"Content-Length: {len(told)}"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    request = "\r\n".join([*head, "", told])
    within = stack.run("api", "python", "-c", FROM_WITHIN, PROXY, request).strip()
    counted = set(stack.query("SELECT key FROM knocks WHERE key LIKE 'login_address %'"))
    check(
        len(counted) == 2
        and key_of(within) in counted
        and not counted & {key_of(PROXY), key_of(FORGED)},
        f"two clients, one of them {within}, are counted apart by their addresses",
    )


def key_of(address: str) -> str:
    """Return the key under which logins from *address* are counted."""
    return f"login_address {hashlib.sha256(address.encode()).hexdigest()[:32]}"


def check_cut_off(stack: Stack, context: ssl.SSLContext) -> None:
    """Check that the proxy closes a connection whose request head never ends."""
    for name, port in (("HTTP", stack.http_port), ("HTTPS", stack.https_port)):
        opened = socket.create_connection(("127.0.0.1", port), timeout=CUT_OFF)
        if name == "HTTPS":
            opened = context.wrap_socket(opened, server_hostname=SITE)
        with closing(opened):
            began = time.monotonic()
            opened.sendall(b"GET / HTTP/1.1\r\nX-Never-Ends: ")
            try:
                ended = opened.recv(1) == b""
            except TimeoutError:
                ended = False
        check(ended, f"{name} hangs up on half a head after {time.monotonic() - began:.0f} s")


def through(stack: Stack, context: ssl.SSLContext) -> HTTPSConnection:
    """Return a connection to the proxy that verifies its certificate."""
    return HTTPSConnection(SITE, stack.https_port, timeout=CUT_OFF, context=context)


@contextmanager
def asked(
    connection: HTTPConnection, path: str, *, body: bytes | None = None, **headers: str
) -> Iterator[HTTPResponse]:
    """Send one request, yield the response, and close the connection."""
    with closing(connection):
        connection.request("GET" if body is None else "POST", path, body=body, headers=headers)
        yield connection.getresponse()
