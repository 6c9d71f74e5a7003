"""Login of a program by a code that its user confirms in a browser."""

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from api.http.field_types import Count, Line, Slug
from api.http.schema import Schema, with_examples
from api.schemas.accounts.account import COURSE, ID

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:device_code"
MAX_CLIENT_CHARACTERS: Final = 80


class DeviceCodeIn(Schema):
    """A program that asks its user to log in, and the short name of the course that it is for."""

    model_config = with_examples({"client": "dlgrader-client", "course": "dl-2026"})

    client: Annotated[Line, Field(max_length=MAX_CLIENT_CHARACTERS)] = "A program"
    course: Slug | None = None


class DeviceCodeOut(Schema):
    """The codes of a login: the program keeps *device_code* and shows *user_code*.

    *expires_in* and *interval* are in seconds.
    """

    model_config = with_examples(
        {
            "device_code": "gr_code_4Xk9aQ2LmZ0p_...",
            "user_code": "BDFK-XTRW",
            "verification_uri": "https://grader.example.edu/device",
            "verification_uri_complete": "https://grader.example.edu/device?code=BDFK-XTRW",
            "expires_in": 600,
            "interval": 5,
        }
    )

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: Count
    interval: Count


class DeviceTokenIn(Schema):
    """A program that asks for its token."""

    model_config = with_examples({"device_code": "gr_code_4Xk9aQ2LmZ0p_..."})

    device_code: Annotated[str, Field(min_length=1, max_length=200)]
    grant_type: Literal["urn:ietf:params:oauth:grant-type:device_code"] = GRANT_TYPE


class DeviceTokenOut(Schema):
    """The token of a program, shown only here; *token* is its id in the list of tokens.

    *expires_in* is in seconds. *course* is the only course that the token is for, null for all.
    """

    model_config = with_examples(
        {
            "access_token": "gr_api_4Xk9aQ2LmZ0p_...",
            "token_type": "Bearer",
            "expires_in": 7_776_000,
            "scope": "submit",
            "token": ID,
            "course": COURSE,
        }
    )

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # not a secret
    expires_in: Count
    scope: str
    token: UUID
    course: UUID | None
