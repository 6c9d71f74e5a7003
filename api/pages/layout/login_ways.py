"""Ways to log in that the login page offers."""

from collections.abc import Mapping
from typing import Any

from api.state import AppState


def list_login_ways(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of the login page for a request with this ASGI *scope*.

    *proxy_user* is the user whom a trusted proxy names, None without one. *providers* are id and
    name of each OpenID provider. *has_mail* is whether a link that sets a password can be sent.
    """
    service: AppState = scope["app"].state.service
    proxy = service.proxy_login
    return {
        "has_password": service.settings.local_login,
        "has_mail": service.settings.local_login and service.outbox.is_enabled,
        "providers": [
            (one.settings.id, one.settings.name) for one in service.oidc_providers.values()
        ],
        "proxy_user": None if proxy is None else proxy.find_user(scope),
    }
