"""Operations of `grader lti`, directly in the database."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.cli.operations.admin import open_database
from api.config.settings import ServiceSettings
from api.core.clock import system_clock
from api.core.errors import FileError, InvalidInput
from api.db.models import LtiPlatform
from api.http.etags import IfMatchVersions
from api.services.audit import recorder
from api.services.lti.platforms import registry
from api.services.lti.platforms.configuration import ToolAddresses
from api.services.lti.platforms.corrections import CHANGEABLE_FIELDS, change_platform
from api.services.lti.platforms.registration import create_registration_link
from api.services.lti.platforms.registry import PlatformValues
from api.services.lti.platforms.tool_keys import list_key_states, rotate_keys

T = TypeVar("T")
REQUIRED_VALUES: Final = ("issuer", "client_id", "authorization_url", "token_url", "jwks_url")
VALUE_NAMES: Final = (*REQUIRED_VALUES, "origin", "audience", "deployments", "vouches_email")


def _run_in_transaction(settings: ServiceSettings, work: Callable[[Session], T]) -> T:
    """Run *work* in a transaction; an error names the fields that are wrong."""
    with open_database(settings) as db:
        try:
            with db.transaction() as session:
                return work(session)
        except InvalidInput as error:
            fields = "; ".join(f"{one.field} {one.message}" for one in error.errors)
            raise FileError(f"{error.detail} {fields}".strip()) from error


def register_platform(settings: ServiceSettings, name: str, pairs: Sequence[str]) -> None:
    """Register a platform; *pairs* are its values, each as ``NAME=VALUE``."""
    values = _parse_values(name, pairs)
    _run_in_transaction(
        settings, lambda session: registry.add_platform(session, None, values, now=system_clock())
    )


def _parse_values(name: str, pairs: Sequence[str]) -> PlatformValues:
    values: dict[str, Any] = dict.fromkeys(REQUIRED_VALUES, "")
    values |= _parse_pairs(pairs, VALUE_NAMES)
    deployments = values.pop("deployments", "").split(",")
    return PlatformValues(
        name=name,
        **values,
        deployments=tuple(one.strip() for one in deployments if one.strip()),
    )


def _parse_pairs(pairs: Sequence[str], names: Collection[str]) -> dict[str, Any]:
    """Return the values of *pairs* by name; raise `FileError` for another name than *names*."""
    values: dict[str, Any] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or key not in names:
            raise FileError(f"{pair!r} is not NAME=VALUE with one of {', '.join(names)}")
        values[key] = value.strip()
    if "vouches_email" in values:
        if values["vouches_email"] not in {"yes", "no"}:
            raise FileError("vouches_email is yes or no")
        values["vouches_email"] = values["vouches_email"] == "yes"
    return values


def create_link(settings: ServiceSettings, name: str, origin: str) -> str:
    """Return a link by which the platform at *origin* registers itself."""
    addresses = ToolAddresses(settings.public_url.rstrip("/"))
    return _run_in_transaction(
        settings,
        lambda session: (
            create_registration_link(
                session, None, name=name, origin=origin, addresses=addresses, now=system_clock()
            ).url
        ),
    )


def list_platform_lines(settings: ServiceSettings) -> list[str]:
    """Return a line for each platform."""

    def load_lines(session: Session) -> list[str]:
        return [
            "\t".join(
                (
                    row.platform.name,
                    row.platform.issuer,
                    row.platform.client_id,
                    ",".join(row.deployments) or "-",
                    "disabled" if row.platform.disabled_at else "enabled",
                )
            )
            for row in registry.list_platforms(session)
        ]

    return _run_in_transaction(settings, load_lines)


def deploy_client(
    settings: ServiceSettings, client_id: str, deployment: str, *, issuer: str
) -> str:
    """Add a deployment to the platform with this client; return the name of the platform."""

    def add(session: Session) -> str:
        platform = _find_platform(session, client_id, issuer)
        registry.add_deployment(session, None, platform.id, deployment, now=system_clock())
        return platform.name

    return _run_in_transaction(settings, add)


def change_client(
    settings: ServiceSettings, client_id: str, pairs: Sequence[str], *, issuer: str
) -> str:
    """Correct values of the platform with this client; return the name of the platform."""
    changes = _parse_pairs(pairs, CHANGEABLE_FIELDS)

    def change(session: Session) -> str:
        platform = _find_platform(session, client_id, issuer)
        changed = change_platform(
            session,
            None,
            platform.id,
            changes,
            expected=IfMatchVersions(None),
            now=system_clock(),
        )
        return changed.name

    return _run_in_transaction(settings, change)


def set_client_disabled(
    settings: ServiceSettings, client_id: str, *, issuer: str, is_disabled: bool
) -> str:
    """Disable or enable the platform with this client; return the name of the platform."""

    def change(session: Session) -> str:
        platform = _find_platform(session, client_id, issuer)
        registry.set_disabled(
            session, None, platform.id, is_disabled=is_disabled, now=system_clock()
        )
        return platform.name

    return _run_in_transaction(settings, change)


def _find_platform(session: Session, client_id: str, issuer: str) -> LtiPlatform:
    """Return the platform with this client; raise `FileError` unless there is exactly one."""
    query = select(LtiPlatform).where(LtiPlatform.client_id == client_id)
    if issuer:
        query = query.where(LtiPlatform.issuer == issuer)
    platforms = session.scalars(query).all()
    if len(platforms) != 1:
        raise FileError(
            f"{len(platforms)} platforms have this client id; `grader lti list` lists them, "
            "and --issuer chooses one"
        )
    return platforms[0]


def list_key_lines(settings: ServiceSettings) -> list[str]:
    """Return a line for each key that signs messages to platforms, or did so."""

    def load_lines(session: Session) -> list[str]:
        states = list_key_states(session, now=system_clock())
        return [
            f"{state.kid}\t{state.created_at:%Y-%m-%dT%H:%M:%SZ}\t{state.label}" for state in states
        ]

    return _run_in_transaction(settings, load_lines)


def rotate_tool_keys(settings: ServiceSettings, *, at_once: bool) -> str:
    """Create a key that replaces the current one; return its id."""

    def rotate(session: Session) -> str:
        now = system_clock()
        kid = rotate_keys(session, now=now, at_once=at_once)
        recorder.record_action(session, None, "lti_key.rotated", now=now, change=({}, {"kid": kid}))
        return kid

    return _run_in_transaction(settings, rotate)
