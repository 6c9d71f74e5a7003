"""Settings of the ways to log in: by password, by a proxy, and by OpenID providers."""

from typing import Annotated, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from api.config.login_header import validate_proxy_login
from api.config.oidc_settings import validate_oidc_providers
from api.config.validators import split_commas

PUNYCODE_MESSAGE: Final = "write an international domain in Punycode, such as xn--bcher-kva.example"


def _check_domains_ascii(domains: tuple[str, ...]) -> tuple[str, ...]:
    """Return *domains*; raise `ValueError` for one that no verified address can have."""
    if not all(domain.isascii() for domain in domains):
        raise ValueError(PUNYCODE_MESSAGE)
    return domains


class LoginSettings(BaseModel):
    """Operator settings of how people log in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    local_login: Annotated[
        bool,
        Field(
            description="allow logins with an e-mail address and a password; with `false`, people "
            "log in by GRADER_OIDC, GRADER_LOGIN_HEADER or a learning platform"
        ),
    ] = True
    login_header: Annotated[
        str,
        AfterValidator(validate_proxy_login),
        Field(
            description="a header `X-Remote-…` in which a reverse proxy names the user, and the "
            "addresses or networks of such proxies: `X-Remote-User: 10.0.0.5, 10.1.0.0/16`. Block "
            "every other route to the service, and let the proxy remove this header from requests "
            "of clients"
        ),
    ] = ""
    oidc: Annotated[
        str | None,
        AfterValidator(validate_oidc_providers),
        Field(
            description="OpenID providers, as a list in JSON: `id`, `name`, `issuer`, `client_id` "
            "and `client_secret` of each, and `logout` (`ask` or `always`); the addresses to "
            "register are `GRADER_PUBLIC_URL/login/oidc/ID/callback` and, for the return from a "
            "logout there, `GRADER_PUBLIC_URL/logged-out`",
            json_schema_extra={"secret": True},
        ),
    ] = None
    new_accounts: Annotated[
        tuple[str, ...],
        BeforeValidator(split_commas),
        AfterValidator(_check_domains_ascii),
        Field(
            description="who gets an account at their first login through a provider or proxy: the "
            "domains of verified e-mail addresses, separated by commas (`*.example.edu` is "
            "every subdomain), or `*` for everybody; by default nobody"
        ),
    ] = ()

    @model_validator(mode="after")
    def _check_some_login_enabled(self) -> Self:
        """Refuse settings with which nobody could log in."""
        if not (self.local_login or self.login_header or self.oidc):
            raise ValueError(
                "GRADER_LOCAL_LOGIN is off, so nobody could log in. Set GRADER_OIDC or "
                "GRADER_LOGIN_HEADER"
            )
        return self
