"""Settings of OpenID providers: a JSON list in one secret setting."""

from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from api.config.validators import LOOPBACK_NAMES

EXAMPLE: Final = (
    '[{"id": "uni", "name": "University", "issuer": "https://login.example.edu", '
    '"client_id": "grader", "client_secret": "..."}]'
)


def is_trustworthy_url(address: object) -> bool:
    """Return whether nobody on the way can read or change what is sent to an *address*.

    >>> [is_trustworthy_url(f"{x}.example") for x in ("https://a", "http://a", "file://a")]
    [True, False, False]
    """
    if not isinstance(address, str) or not address.isascii() or not address.isprintable():
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.username is not None or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_NAMES)


def _validate_issuer(address: str) -> str:
    if not is_trustworthy_url(address) or "?" in address or "#" in address:
        raise ValueError("write the https address of the provider, without ? and #")
    return address


class OidcProviderSettings(BaseModel):
    """Settings of one provider; *id* is part of its redirect address, the login page shows *name*.

    *logout*: whether a logout continues at the provider, or asks first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    name: Annotated[str, Field(min_length=1, max_length=60)]
    issuer: Annotated[str, Field(max_length=500), AfterValidator(_validate_issuer)]
    client_id: Annotated[str, Field(min_length=1, max_length=500)]
    client_secret: Annotated[str | None, Field(min_length=1, max_length=2_000, repr=False)] = None
    logout: Literal["ask", "always"] = "ask"


PROXY_ID: Final = "proxy"
"""Id of the trusted proxy, which is not in the list."""
PROVIDERS_ADAPTER: Final = TypeAdapter(Annotated[tuple[OidcProviderSettings, ...], Field()])


def parse_oidc_providers(text: str | None) -> tuple[OidcProviderSettings, ...]:
    """Return the providers of the setting; raise `ValueError` if it is invalid.

    The message contains no value, as the setting holds secrets.
    """
    if not text:
        return ()
    try:
        providers = PROVIDERS_ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        field_path = ".".join(map(str, first["loc"])) or "the list"
        reason = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"{field_path}: {reason}; write {EXAMPLE}") from None
    for name in ("id", "issuer"):
        values = [getattr(provider, name) for provider in providers]
        if len(set(values)) < len(values):
            raise ValueError(f"two providers have the same {name}")
    if any(provider.id == PROXY_ID for provider in providers):
        raise ValueError(f"the id {PROXY_ID!r} is that of the trusted proxy; choose another one")
    return providers


def validate_oidc_providers(text: str | None) -> str | None:
    """Return *text* if it lists providers; raise `ValueError` otherwise."""
    parse_oidc_providers(text)
    return text
