"""Tokens: stored with mode 600, or taken from the environment or from the secrets of Colab."""

from __future__ import annotations

import os
import re
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from dlgrader_client._connection import normalize_address
from dlgrader_client._errors import GraderClientError, InsecureAddressError
from dlgrader_client._files import read_json_object, state_folder, write_private_json
from dlgrader_client._secret import Secret

TOKEN_NAME = "DLGRADER_TOKEN"  # noqa: S105  # the name of a variable
SERVER_NAME = "DLGRADER_SERVER"
TOKEN_FORM = re.compile("gr_api_[0-9A-Za-z]+_[0-9A-Za-z]+")


@dataclass(frozen=True)
class StoredToken:
    """Token for a server, with its id and the id of the account; "" where they are not known.

    *key* is its place in the file of tokens, "" if it comes from elsewhere.
    """

    secret: Secret
    token_id: str = ""
    user_id: str = ""
    key: str = ""

    @property
    def is_external(self) -> bool:
        """Whether the token comes from the environment or Colab: the client cannot replace it."""
        return not self.key and not self.token_id


def tokens_path() -> Path:
    """Return the file of all tokens."""
    return state_folder() / "tokens.json"


def build_token_key(address: str, course: str = "") -> str:
    """Return the place of a token in the file: each course has its own, and so has the server."""
    return f"{address} {course}" if course else address


def store_token(key: str, token: StoredToken) -> None:
    """Store a token in place of the one before."""
    tokens = read_json_object(tokens_path())
    tokens[key] = {"token": token.secret.reveal(), "id": token.token_id, "user": token.user_id}
    _write_tokens(tokens)


def _write_tokens(tokens: dict[str, Any]) -> None:
    """Write the file of tokens, and empty *tokens*: a verbose traceback would show them."""
    try:
        write_private_json(tokens_path(), tokens)
    finally:
        tokens.clear()


def forget_token(key: str) -> None:
    """Delete a stored token."""
    tokens = read_json_object(tokens_path())
    if key in tokens:
        del tokens[key]
        _write_tokens(tokens)


def forget_server(address: str) -> None:
    """Delete all stored tokens of a server."""
    tokens = read_json_object(tokens_path())
    dropped = [key for key in tokens if key.partition(" ")[0] == address]
    for key in dropped:
        del tokens[key]
    if dropped:
        _write_tokens(tokens)


def find_token(address: str, course: str = "") -> Optional[StoredToken]:
    """Return the token for a course of a server, or None.

    A token that was stored without a course is used for all courses. Without *course*, the only
    token of the server is used; `GraderClientError` is raised if several courses have one.

    A token from the environment or from Colab's secrets takes precedence.
    """
    if (external := find_external_token(address)) is not None:
        return external
    stored = {token.key: token for token in load_stored_tokens(address)}
    token = stored.get(build_token_key(address, course)) or stored.get(address)
    if token is None and not course and stored:
        if len(stored) > 1:
            courses = ", ".join(key.partition(" ")[2] for key in stored)
            raise GraderClientError(f"Name the course; there are tokens for: {courses}.")
        [token] = stored.values()
    return token


def find_external_token(address: str) -> Optional[StoredToken]:
    """Return the token for a server from the environment or from Colab's secrets, or None.

    It is used only together with the address that stands beside it: a notebook cannot send it to
    another server. Raises `GraderClientError` if the text is no token.
    """
    for read in (os.environ.get, _read_colab_secret):
        server = (read(SERVER_NAME) or "").strip()
        secret = Secret((read(TOKEN_NAME) or "").strip())
        if secret and server and _normalize_external_address(server) == address:
            _check_token_form(secret)
            return StoredToken(secret)
    return None


def load_stored_tokens(address: str) -> list[StoredToken]:
    """Return the tokens of a server in the file, without those that can be no tokens."""
    path = tokens_path()
    _check_private(path)
    found = []
    for key, row in read_json_object(path).items():
        if key.partition(" ")[0] != address or not isinstance(row, dict):
            continue
        secret = Secret(str(row.pop("token", "")).strip())
        if TOKEN_FORM.fullmatch(secret.reveal()):
            found.append(StoredToken(secret, str(row.get("id", "")), str(row.get("user", "")), key))
    return found


def _normalize_external_address(server: str) -> str:
    """Return the address beside an external token; the error for another text names its place."""
    try:
        return normalize_address(server)
    except InsecureAddressError as error:
        raise InsecureAddressError(f"{SERVER_NAME} cannot be used. {error}") from None


def _check_token_form(secret: Secret) -> None:
    """Raise `GraderClientError`, which does not show the secret, unless it can be a token."""
    if not TOKEN_FORM.fullmatch(secret.reveal()):
        raise GraderClientError(
            f"{TOKEN_NAME} is not a token. A token starts with gr_api_ and has no spaces, line "
            "breaks or quotation marks. Copy the whole token again."
        )


def _check_private(path: Path) -> None:
    """Raise `GraderClientError` if others can read the file of tokens."""
    if sys.platform == "win32" or not path.exists():
        return
    if path.stat().st_mode & 0o077:
        raise GraderClientError(
            f"Others can read {path}. Revoke its tokens on your account page, delete the file and "
            "log in again."
        )


def _read_colab_secret(name: str) -> Optional[str]:
    """Return a secret of Colab, or None; warn if it exists and the notebook has no access to it."""
    if "google.colab" not in sys.modules:
        return None
    try:
        from google.colab import userdata  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415

        value = userdata.get(name)
    except Exception as error:  # its errors are classes of its own
        if type(error).__name__ == "NotebookAccessError":
            warnings.warn(
                f"This notebook has no access to the secret {name}. Allow “Notebook access” beside "
                "it in the side bar of Colab, and run the cell again.",
                stacklevel=2,
            )
        return None
    return value if isinstance(value, str) else None
