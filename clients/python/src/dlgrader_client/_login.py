"""Login with a code: the student confirms it in a browser, and no token is typed or shown."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Optional

from dlgrader_client._connection import Connection, normalize_address
from dlgrader_client._display import display_text
from dlgrader_client._errors import (
    ConnectionFailedError,
    GraderClientError,
    LoginFailedError,
    NotLoggedInError,
    RefusedError,
)
from dlgrader_client._markup import (
    NEUTRAL,
    escape_html,
    format_count,
    render_box,
    strip_control_characters,
)
from dlgrader_client._secret import Secret
from dlgrader_client._tokens import (
    SERVER_NAME,
    TOKEN_NAME,
    StoredToken,
    build_token_key,
    find_external_token,
    find_token,
    forget_server,
    forget_token,
    load_stored_tokens,
    store_token,
)

SLOW_DOWN_SECONDS = 5
EXPIRED_MESSAGE = (
    "The code expired before it was confirmed. Check the name of the course, and log in again."
)
MAX_INTERVAL_SECONDS = 60


def obtain_token(
    server: str, *, course: Optional[str], program: str, force: bool = False
) -> StoredToken:
    """Return the stored token for a course if it still works; otherwise log in with a code.

    Raises `LoginFailedError` if the login is refused or its code expires.
    """
    address = normalize_address(server)
    token = None if force else find_token(address, course or "")
    if token is not None:
        try:
            account = _fetch_account(address, token)
            # A token without a course in the file may be one of an earlier version for a course.
            if token.key != address or not course or _has_course(account, course):
                return replace(token, user_id=str(account["id"]))
        except NotLoggedInError:
            if token.is_external:
                raise  # it would take precedence over that of a new login
            forget_token(token.key)
        except ConnectionFailedError:
            if not token.user_id:
                raise
            return token  # answers can be queued
    return _log_in_and_store(address, course=course, program=program)


def _log_in_and_store(address: str, *, course: Optional[str], program: str) -> StoredToken:
    """Return the token of a new login; revoke it if it cannot be stored."""
    token = _log_in(Connection(address), course=course, program=program)
    try:
        token = _add_account_id(address, token)
        store_token(build_token_key(address, course or ""), token)
    except Exception:
        with suppress(GraderClientError):
            _revoke_on_server(address, token)
        raise
    return token


def require_token(address: str, course: str = "") -> StoredToken:
    """Return the stored token for a course; raise `NotLoggedInError` if there is none."""
    token = find_token(address, course)
    if token is None:
        raise NotLoggedInError(
            f"There is no token for {address}. Create one under “Account” on the server, and set "
            f"{TOKEN_NAME} to it and {SERVER_NAME} to {address}."
        )
    return _add_account_id(address, token)


def revoke_token(server: str) -> None:
    """Revoke the stored tokens of a server, and delete them here in any case.

    Raises `ConnectionFailedError` if some could not be revoked, after trying all of them. Warns of
    a token from the environment or Colab, which stays valid.
    """
    address = normalize_address(server)
    failures = []
    try:
        for token in load_stored_tokens(address):
            try:
                _revoke_on_server(address, token)
            except ConnectionFailedError as error:
                failures.append(error)
    finally:
        forget_server(address)
    if find_external_token(address) is not None:
        warnings.warn(
            f"{TOKEN_NAME} is still valid: revoke it under “Account” on the server, and remove it.",
            stacklevel=3,
        )
    if failures:
        raise ConnectionFailedError(
            f"{failures[0]} {format_count(len(failures), 'token')} could not be revoked and may "
            "still be valid. Log in to the server, and revoke it under “Account”.",
            failures[0].status,
        )


def _revoke_on_server(address: str, token: StoredToken) -> None:
    if not token.token_id:
        return
    try:
        Connection(address, token.secret).request("DELETE", f"/me/tokens/{token.token_id}")
    except (NotLoggedInError, RefusedError):
        return  # it was revoked already


def _add_account_id(address: str, token: StoredToken) -> StoredToken:
    """Return *token* with the id of its account, to which queued answers belong."""
    return replace(token, user_id=str(_fetch_account(address, token)["id"]))


def _fetch_account(address: str, token: StoredToken) -> Mapping[str, Any]:
    try:
        account: Mapping[str, Any] = Connection(address, token.secret).request("GET", "/me")
    except NotLoggedInError:
        if token.is_external:
            raise NotLoggedInError(
                f"{TOKEN_NAME} was revoked or has expired; replace or remove it."
            ) from None
        raise
    return account


def _has_course(account: Mapping[str, Any], name: str) -> bool:
    """Return whether the token sees a course: one for another course does not."""
    return any(name in (row["slug"], row["title"], row["course"]) for row in account["courses"])


def _log_in(connection: Connection, *, course: Optional[str], program: str) -> StoredToken:
    wish = {"client": program, **({"course": course} if course else {})}
    codes = connection.request("POST", "/device/code", wish)
    _show_code(codes)
    interval = float(codes["interval"])
    end = time.monotonic() + float(codes["expires_in"])
    while time.monotonic() < end:
        time.sleep(interval)
        refusal = ""
        try:
            question = {"device_code": codes["device_code"]}
            reply = connection.request("POST", "/device/token", question)
            return StoredToken(Secret(reply["access_token"]), str(reply["token"]))
        except ConnectionFailedError:
            continue
        except RefusedError as error:
            refusal, interval = _next_interval(error, interval)
        if refusal:
            raise LoginFailedError(refusal)
    raise LoginFailedError(EXPIRED_MESSAGE)


def _next_interval(error: RefusedError, interval: float) -> tuple[str, float]:
    """Return why the login is refused for good, "" if it is not, and the seconds to wait."""
    if error.code == "authorization_pending":
        return "", interval
    if error.code == "slow_down":
        return "", min(interval + SLOW_DOWN_SECONDS, MAX_INTERVAL_SECONDS)
    if error.status == 429:
        return "", min(max(interval, error.retry_after or 0), MAX_INTERVAL_SECONDS)
    return str(error), interval


def _show_code(codes: Mapping[str, Any]) -> None:
    """Display where to go and which code to compare."""
    code, page = str(codes["user_code"]), str(codes["verification_uri"])
    link = str(codes["verification_uri_complete"])
    text = strip_control_characters(
        f"To log in, open {page} in a browser and enter the code {code}"
    )
    if not link.startswith(("https://", "http://")):
        display_text(text)
        return
    target = f'<a href="{escape_html(link)}" target="_blank" rel="noopener">{escape_html(page)}</a>'
    body = render_box(
        "Log in", NEUTRAL, [f"Open {target} and compare the code: <b>{escape_html(code)}</b>"]
    )
    display_text(text, body)
