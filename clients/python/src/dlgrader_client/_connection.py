"""HTTP with the standard library: JSON to one server, over https, without redirects."""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NoReturn, Optional
from urllib.parse import urlsplit

from dlgrader_client._errors import (
    ConnectionFailedError,
    InsecureAddressError,
    NotLoggedInError,
    RefusedError,
)
from dlgrader_client._secret import Secret
from dlgrader_client._version import VERSION

TIMEOUT_SECONDS = 20
MAX_RESPONSE_BYTES = 16 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
REQUEST_TIMEOUT = 408
WEB_PAGES = frozenset({"text/html", "application/xhtml+xml"})


def normalize_address(address: str) -> str:
    """Return the scheme, host and port of a server.

    Raises `InsecureAddressError` unless it is https or the loopback interface.

    >>> normalize_address("https://grader.example.edu/courses/1")
    'https://grader.example.edu'
    """
    address = address.strip()
    try:
        parts = urlsplit(address if "//" in address else f"https://{address}")
        host = parts.hostname or ""
        is_usable = parts.scheme in {"http", "https"} and host and parts.username is None
        _ = parts.port  # raises ValueError if it is no number
        host.encode("idna")  # as the socket does; raises UnicodeError, as for an empty label
    except ValueError:
        is_usable = False
    if not is_usable:
        raise InsecureAddressError(
            "Write the address of the server, such as https://grader.example.edu."
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise InsecureAddressError(
            f"{host} must be reached by https: over http others on the way could read your token."
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


def is_loopback(host: str) -> bool:
    """Return whether *host* is this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Handler that refuses redirects, which could carry the token to another server."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Return None, which makes the redirect an error."""


def _build_opener(address: str) -> urllib.request.OpenerDirector:
    """Return an opener for one scheme, which follows no redirect and reads no files.

    The proxies of the environment are used, except for this machine.
    """
    opener = urllib.request.OpenerDirector()
    no_proxies: Optional[dict[str, str]] = (
        {} if is_loopback(urlsplit(address).hostname or "") else None
    )
    handlers: list[Any] = [
        urllib.request.ProxyHandler(no_proxies),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _NoRedirects(),
    ]
    if address.startswith("https:"):
        handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context()))
    else:
        handlers.append(urllib.request.HTTPHandler())
    for handler in handlers:
        opener.add_handler(handler)
    return opener


class Connection:
    """Connection to the API of one server; *token* is sent to it alone."""

    def __init__(self, address: str, token: Optional[Secret] = None) -> None:
        self.address = normalize_address(address)
        self.timeout_seconds: float = TIMEOUT_SECONDS
        self._token = token or Secret()
        self._opener = _build_opener(self.address)

    def __repr__(self) -> str:
        return f"Connection({self.address!r})"

    def request(
        self,
        method: str,
        path: str,
        body: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> Any:
        """Send a request to a *path* below ``/api/v1`` and return the JSON of the response.

        Raises `ConnectionFailedError`, `NotLoggedInError` or `RefusedError`.
        """
        return self.request_with_etag(method, path, body, headers)[0]

    def request_with_etag(
        self,
        method: str,
        path: str,
        body: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> tuple[Any, str]:
        """Send a request as `request` does; return the JSON and the ETag, "" without one."""
        sent = {"Accept": "application/json", **_build_headers(), **(headers or {})}
        content = None
        if body is not None:
            content = json.dumps(body, allow_nan=False).encode()
            sent["Content-Type"] = "application/json"
        request = urllib.request.Request(
            f"{self.address}/api/v1{path}", data=content, headers=sent, method=method
        )
        status, reply, etag = self._send_request(request)
        if status >= 300:
            _raise_refusal(status, reply, self.address)
        return _parse_json_body(reply, self.address), etag

    def download(self, path: str, target: Path) -> Path:
        """Write the response to a GET of a *path* below ``/api/v1`` to a file, and return it.

        The file is replaced only once the whole response has arrived, and only its owner can read
        it. Raises the errors of `request`, and `OSError` if the file cannot be written.
        """
        request = urllib.request.Request(f"{self.address}/api/v1{path}", headers=_build_headers())
        # mkstemp creates the file with mode 600.
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                status, reply, _ = self._send_request(request, _File(file))
            if status >= 300:
                _raise_refusal(status, reply, self.address)
            Path(name).replace(target)
        except _UnwritableError as error:
            raise OSError(*error.args) from None
        finally:
            Path(name).unlink(missing_ok=True)
        return target

    def _send_request(
        self, request: urllib.request.Request, file: Optional[_File] = None
    ) -> tuple[int, bytes, str]:
        """Return the status, the body and the ETag of the response.

        The body of a success goes to *file* instead, if there is one.

        A verbose traceback of a notebook shows values. So no error has a frame of urllib, and the
        request has the token only while it is sent.
        """
        if self._token:
            request.add_unredirected_header("Authorization", f"Bearer {self._token.reveal()}")
        try:
            with self._opener.open(request, timeout=self.timeout_seconds) as response:
                etag = response.headers.get("ETag", "")
                if file is not None:
                    _copy_file(response, file)
                    return response.status, b"", etag
                return response.status, response.read(MAX_RESPONSE_BYTES), etag
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _read_error(error), ""
        except (OSError, ValueError, http.client.HTTPException) as error:
            failure = _describe_failure(error, self.address)
        except KeyboardInterrupt:
            raise KeyboardInterrupt from None
        finally:
            request.remove_header("Authorization")
        raise ConnectionFailedError(failure)


def _build_headers() -> dict[str, str]:
    return {"User-Agent": f"dlgrader-client/{VERSION}"}


class _UnwritableError(Exception):
    """A file cannot be written, as on a full disk; it has the arguments of the `OSError`."""


class _File:
    """File whose errors differ from those of the connection, which are `OSError` too."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = 0

    def write(self, content: bytes) -> None:
        """Append *content*; raise `_UnwritableError` if that fails."""
        try:
            self._file.write(content)
            self._file.flush()
        except OSError as error:
            raise _UnwritableError(error.errno, error.strerror) from None
        self.size += len(content)


def _describe_failure(error: Exception, address: str) -> str:
    """Return why a request failed, with what to do if the certificate is the cause."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return (
            f"The certificate of {address} is not valid: {reason.verify_message}. Check the "
            "address and the clock of this machine, and report it to your instructor. Nothing was "
            "sent."
        )
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return f"{address} did not answer: {text}."


def _copy_file(response: http.client.HTTPResponse, file: _File) -> None:
    """Write the body of a response to *file*.

    Raises `ConnectionFailedError` for a web page, and for a body that is shorter than announced:
    `http.client` reports that only for a body in chunks.
    """
    if response.headers.get_content_type() in WEB_PAGES:
        raise ConnectionFailedError(
            "The response is a web page and not the file. A network login page may be intercepting "
            "requests: open the address of the server in a browser."
        )
    while content := response.read(CHUNK_BYTES):
        file.write(content)
    announced = response.headers.get("Content-Length")
    if announced is not None and str(file.size) != announced.strip():
        raise ConnectionFailedError(
            f"The connection broke after {file.size} of {announced} bytes. Try again."
        )


def _read_error(error: urllib.error.HTTPError) -> bytes:
    """Return the body of an error, b"" if the connection breaks."""
    try:
        return error.read(MAX_RESPONSE_BYTES)
    except (OSError, http.client.HTTPException):
        return b""


def _raise_refusal(status: int, content: bytes, address: str) -> NoReturn:
    """Raise the error for a status of 300 or more."""
    try:
        problem = json.loads(content)
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    if status >= 500 or status == REQUEST_TIMEOUT:
        detail = f" {problem['detail']}" if problem.get("detail") else ""
        message = f"{address} could not process the request ({status}).{detail}"
        raise ConnectionFailedError(message, status)
    if status >= 400 and "code" not in problem:
        message = f"A proxy in front of {address} refused the request ({status})."
        raise ConnectionFailedError(message, status)
    if status == 401:
        detail = problem.get("detail") or "The server does not know your token."
        raise NotLoggedInError(f"{detail} Log in again: dlgrader_client.login(...)")
    if status < 400:
        raise ConnectionFailedError(
            f"{address} redirects ({status}). Use the address that a browser shows."
        )
    raise RefusedError(status, problem)


def _parse_json_body(content: bytes, address: str) -> Any:
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        raise ConnectionFailedError(
            "The response is not JSON. A network login page may be intercepting requests: open "
            f"{address} in a browser."
        ) from None
