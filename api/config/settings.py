"""Settings of the service, read once at the start and passed on from there."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from sqlalchemy import make_url

from api.config.sources import PREFIX, Given, SettingsError, gather, wrong
from api.config.validators import (
    checked_address,
    checked_host,
    checked_proxy,
    password_in,
    with_password,
)
from api.core import failpoints

__all__ = ["HIDDEN", "PREFIX", "SET_IN_VAIN", "Settings", "given_by"]

SET_IN_VAIN: Final = (
    "GRADER_DATABASE_PASSWORD is set and not used: the address of the database has a password of "
    "its own, or is of SQLite; leave one out"
)
"""What is told where a password has no place in the address of the database."""


def _split(given: object) -> object:
    """Split a comma-separated text into a tuple; return any other value unchanged."""
    if not isinstance(given, str):
        return given
    return tuple(piece.strip() for piece in given.split(",") if piece.strip())


Host = Annotated[str, AfterValidator(checked_host)]
Proxy = Annotated[str, AfterValidator(checked_proxy)]


class Settings(BaseModel):
    """Operator settings: each field is the variable ``GRADER_`` plus its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Annotated[
        str, Field(min_length=1, description="the address to listen on; 0.0.0.0 for every one")
    ] = "127.0.0.1"
    port: Annotated[
        int, Field(ge=0, le=65535, description="the port to listen on; 0 for any free one")
    ] = 8000
    processes: Annotated[
        int,
        Field(
            ge=1,
            le=64,
            description="how many processes serve, at one address; with more than one the worker "
            "is a process of its own",
        ),
    ] = 1
    worker: Annotated[
        Literal["inside", "apart"],
        Field(
            description="`inside`: the service also publishes the bank and regrades; `apart`: it "
            "leaves that to a `grader work` beside it"
        ),
    ] = "inside"
    bank: Annotated[
        Path | None,
        Field(description="a folder of problems instead of the shipped bank"),
    ] = None

    database: Annotated[
        str,
        AfterValidator(checked_address),
        Field(
            min_length=1,
            description="the database: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`",
            json_schema_extra={"secret": True},
        ),
    ] = "sqlite:///grader.db"
    database_password: Annotated[
        str | None,
        Field(
            description="the password of PostgreSQL, where the address of the database has none",
            json_schema_extra={"secret": True},
        ),
    ] = None
    database_wait: Annotated[
        float,
        Field(
            ge=0,
            le=3600,
            allow_inf_nan=False,
            description="how many seconds a start tries to reach the database",
        ),
    ] = 30
    demo: Annotated[
        bool,
        Field(
            description="make a demo course with synthetic students; needs an empty database, and "
            "an address of this machine alone. A start without it ends the log-ins of the demo"
        ),
    ] = False
    demo_students: Annotated[
        int, Field(ge=1, le=900, description="how many students the demo course has")
    ] = 200
    seeds: Annotated[
        int,
        Field(
            ge=1,
            le=500,
            description="how many variants of a problem are published; what is published keeps its "
            "own, so that a larger number holds for problems that come later or get other numbers",
        ),
    ] = 500

    public_url: Annotated[
        str,
        Field(
            pattern=r"^https?://[^/\s]+$",
            description="where people reach the service; links and cookies are made for it. Where "
            "only the port is set, it is `http://127.0.0.1:` and that port",
        ),
    ] = "http://127.0.0.1:8000"
    hosts: Annotated[
        tuple[Host, ...],
        BeforeValidator(_split),
        Field(
            description="the names under which the service answers, with commas between them; "
            "`*.example.edu` is every name below. Without any it answers to every name: set it "
            "wherever others can reach the service"
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[Proxy, ...],
        BeforeValidator(_split),
        Field(
            description="the addresses or networks of reverse proxies, with commas between them, "
            "whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed"
        ),
    ] = ()
    connections: Annotated[
        int,
        Field(
            ge=10,
            le=100_000,
            description="how many connections one process holds open; for one more the connection "
            "that has kept the service waiting longest is closed",
        ),
    ] = 500
    body_memory: Annotated[
        int,
        Field(
            ge=20,
            le=65_536,
            description="MiB that the bodies of requests over 64 KiB may have together in one "
            "process; more are told 503",
        ),
    ] = 64
    body_memory_per_caller: Annotated[
        int,
        Field(
            ge=20, le=65_536, description="MiB of these that one person may have; more are told 429"
        ),
    ] = 24
    log_format: Annotated[
        Literal["text", "json"],
        Field(description="how lines of the log are written, on standard error: `text` or `json`"),
    ] = "text"
    metrics_token: Annotated[
        str | None,
        Field(
            min_length=16,
            description="who sends it as a bearer token may read `/metrics`; without it there is "
            "no such page",
            json_schema_extra={"secret": True},
        ),
    ] = None

    submissions_per_minute: Annotated[
        int, Field(ge=1, le=1_000_000, description="how often one person may hand in, in a minute")
    ] = 30
    drafts_per_minute: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            description="how often one person may save a draft or have an answer read, in a minute",
        ),
    ] = 120
    requests_per_minute: Annotated[
        int, Field(ge=1, le=1_000_000, description="how many other requests one person may make")
    ] = 600
    stored_mebibytes_per_day: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            description="how many MiB one person's submissions and drafts may add to the database "
            "in a day; more are told 429 `storage_budget`",
        ),
    ] = 16
    password_memory: Annotated[
        int,
        Field(
            ge=8,
            le=1_048_576,
            description="KiB of memory that checking one password takes; forty may be checked at "
            "a time",
        ),
    ] = 19 * 1024
    problem_workers: Annotated[
        int,
        Field(
            ge=0,
            le=64,
            description="how many processes check and publish the problems that instructors "
            "send, for each process that serves; 0 is for tests: no deadline holds then",
        ),
    ] = 2
    problem_deadline: Annotated[
        float,
        Field(
            ge=1,
            le=3600,
            allow_inf_nan=False,
            description="after how many seconds the check or the publication of one problem is "
            "stopped, and refused as `problem_too_slow`",
        ),
    ] = 120
    regrade_workers: Annotated[
        int,
        Field(
            ge=0,
            le=64,
            description="how many processes mark again in a regrade; 0 leaves it to that of the "
            "worker",
        ),
    ] = 2
    regrade_cluster: Annotated[
        str | None,
        Field(
            description="a Dask scheduler whose workers mark again instead, in as many pieces, "
            "such as `tcp://10.0.0.5:8786`; it needs `dlgrader[cluster]`",
        ),
    ] = None
    heartbeat: Annotated[
        Path | None,
        Field(
            description="a file that the worker touches every second, `grader work` or the one "
            "beside several processes; the health check, `python -m api.server.healthcheck`, then "
            "looks at it and asks nobody",
        ),
    ] = None
    failpoint: Annotated[
        str | None,
        Field(
            pattern=failpoints.PATTERN,
            description="for tests of durability only: where the process dies, `after_judging`, "
            "`before_commit` or `after_commit`; `:3` for the third time",
        ),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        """Insert the password into the database address."""
        if not isinstance(given, dict) or not given.get("database_password"):
            return given
        address, password = given.get("database"), given["database_password"]
        if isinstance(address, str) and isinstance(password, str):
            return given | {"database": with_password(address, password)}
        return given

    @classmethod
    def read(cls, environment: Mapping[str, str], **options: str) -> Self:
        """Return the settings of *environment*; *options* of a command take precedence.

        Settings in neither place have their default. Raises `SettingsError` with a line for each
        invalid setting.
        """
        found = given_by(environment) | {
            name: Given(value, "--" + name.replace("_", "-"))
            for name, value in options.items()
            if value
        }
        try:
            return cls.model_validate(_values(found))
        except ValidationError as error:
            raise SettingsError(list(wrong(error.errors(), found, hidden=HIDDEN))) from error

    @property
    def has_idle_password(self) -> bool:
        """Whether a database password is set but not used in the database address."""
        own = self.database_password
        return own is not None and own != password_in(make_url(self.database))

    @classmethod
    def table(cls) -> Iterator[tuple[str, object, str]]:
        """Yield the name, default and description of every setting."""
        for name, field in cls.model_fields.items():
            yield name, field.default, field.description or ""


HIDDEN: Final = frozenset(
    name
    for name, field in Settings.model_fields.items()
    if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("secret")
)
"""The settings that hold a secret: each may lie in a file, and is never shown."""


def given_by(environment: Mapping[str, str]) -> dict[str, Given]:
    """Return the settings from *environment* and the file that it names, each with its source."""
    return gather(environment, Settings.model_fields, hidden=HIDDEN)


def _values(found: Mapping[str, Given]) -> dict[str, object]:
    values = {name: one.value for name, one in found.items()}
    if "port" in values and "public_url" not in values:
        values["public_url"] = f"http://127.0.0.1:{values['port']}"
    return values
