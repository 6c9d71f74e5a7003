"""Settings of the service, read once at the start and passed on from there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from sqlalchemy import make_url

from api.config.login_settings import LoginSettings
from api.config.lti_settings import LtiSettings
from api.config.mail_settings import MailSettings
from api.config.validators import (
    add_password_if_missing,
    get_password,
    split_commas,
    validate_database_url,
    validate_host,
    validate_proxy,
)
from api.core import failpoints

UNUSED_PASSWORD_WARNING: Final = (
    "GRADER_DATABASE_PASSWORD is set and not used: the address of the database has a password of "  # noqa: S105  # not a secret
    "its own, or is of SQLite; leave one out"
)
"""Warning for a password setting that the database address leaves no use for."""


Host = Annotated[str, AfterValidator(validate_host)]
Proxy = Annotated[str, AfterValidator(validate_proxy)]


class ServiceSettings(LoginSettings, MailSettings, LtiSettings):
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
        AfterValidator(validate_database_url),
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
        BeforeValidator(split_commas),
        Field(
            description="the names under which the service answers, with commas between them; "
            "`*.example.edu` is every name below. Without any it answers to every name, and a demo "
            "to the names of this machine: set it wherever others can reach the service"
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[Proxy, ...],
        BeforeValidator(split_commas),
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
            pattern=failpoints.FAILPOINT_PATTERN,
            description="for tests of durability only: where the process dies, `after_judging`, "
            "`before_commit` or `after_commit`; `:3` for the third time",
        ),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _insert_password(cls, values: Any) -> Any:
        """Insert the password into the database address."""
        if not isinstance(values, dict) or not values.get("database_password"):
            return values
        address, password = values.get("database"), values["database_password"]
        if isinstance(address, str) and isinstance(password, str):
            return values | {"database": add_password_if_missing(address, password)}
        return values

    @property
    def has_unused_password(self) -> bool:
        """Whether a database password is set but not used in the database address."""
        password = self.database_password
        return password is not None and password != get_password(make_url(self.database))

    @classmethod
    def iter_fields(cls) -> Iterator[tuple[str, object, str]]:
        """Yield the name, default and description of every setting, by the class that has it."""
        groups = (
            LoginSettings.model_fields,
            MailSettings.model_fields,
            LtiSettings.model_fields,
        )
        for name in sorted(cls.model_fields, key=lambda name: [name in group for group in groups]):
            field = cls.model_fields[name]
            yield name, field.default, field.description or ""
