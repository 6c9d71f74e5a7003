"""Settings of the service, read once at the start and passed on from there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
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
    "GRADER_DATABASE_PASSWORD is set but not used, because the address of the database contains a "  # noqa: S105  # not a secret
    "password or is one of SQLite. Remove one of the two"
)
"""Warning for a password setting that the database address leaves no use for."""

Host = Annotated[str, AfterValidator(validate_host)]
Proxy = Annotated[str, AfterValidator(validate_proxy)]
MemoryMebibytes = Annotated[int, Field(ge=20, le=65_536)]


class ServiceSettings(LoginSettings, MailSettings, LtiSettings):
    """Operator settings: each field is the variable ``GRADER_`` plus its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Annotated[
        str, Field(min_length=1, description="the address to listen on; 0.0.0.0 for all")
    ] = "127.0.0.1"
    port: Annotated[
        int, Field(ge=0, le=65535, description="the port to listen on; 0 for any free one")
    ] = 8000
    processes: Annotated[
        int,
        Field(
            ge=1,
            le=64,
            description="the number of serving processes at one address; with more than one, "
            "the worker is a separate process",
        ),
    ] = 1
    worker: Annotated[
        Literal["inside", "apart"],
        Field(
            description="`inside`: the service also publishes the bank and runs regrades; "
            "`apart`: a separate `grader work` does"
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
            description="the password for PostgreSQL, if the address of the database has none",
            json_schema_extra={"secret": True},
        ),
    ] = None
    database_wait: Annotated[
        float,
        Field(
            ge=0,
            le=3600,
            allow_inf_nan=False,
            description="for how many seconds the start tries to reach the database",
        ),
    ] = 30
    demo: Annotated[
        bool,
        Field(
            description="create a demo course with synthetic students; requires an empty "
            "database, and an address that only this machine can reach. A start without it ends "
            "the logins of the demo"
        ),
    ] = False
    demo_students: Annotated[
        int, Field(ge=1, le=900, description="the number of students in the demo course")
    ] = 200
    seeds: Annotated[
        int,
        Field(
            ge=1,
            le=500,
            description="the number of variants that are published per problem; problems that "
            "are already published keep theirs",
        ),
    ] = 500

    public_url: Annotated[
        str,
        Field(
            pattern=r"^https?://[^/\s]+$",
            description="the public address of the service, for links and cookies. If only the "
            "port is set, it is `http://127.0.0.1:` and that port",
        ),
    ] = "http://127.0.0.1:8000"
    hosts: Annotated[
        tuple[Host, ...],
        BeforeValidator(split_commas),
        Field(
            description="the host names that the service answers to, separated by commas; "
            "`*.example.edu` is every subdomain. By default it answers to every name, and a "
            "demo to the names of this machine. Set it if others can reach the service"
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[Proxy, ...],
        BeforeValidator(split_commas),
        Field(
            description="the addresses or networks of trusted reverse proxies, separated by "
            "commas; their `X-Forwarded-For` and `X-Forwarded-Proto` are used"
        ),
    ] = ()
    connections: Annotated[
        int,
        Field(
            ge=10,
            le=100_000,
            description="the number of open connections per process; when one more opens, the "
            "connection that has kept the service waiting longest is closed",
        ),
    ] = 500
    body_memory: Annotated[
        MemoryMebibytes,
        Field(description="MiB for all request bodies over 64 KiB, per process; more get 503"),
    ] = 64
    body_memory_per_caller: Annotated[
        MemoryMebibytes, Field(description="MiB of these per person; more get 429")
    ] = 24
    response_memory: Annotated[
        MemoryMebibytes,
        Field(description="MiB for all unread responses over 64 KiB, per process; more get 503"),
    ] = 64
    response_memory_per_caller: Annotated[
        MemoryMebibytes, Field(description="MiB of these per person or address; more get 429")
    ] = 24
    log_format: Annotated[
        Literal["text", "json"],
        Field(description="the format of the log on standard error: `text` or `json`"),
    ] = "text"
    metrics_token: Annotated[
        str | None,
        Field(
            min_length=16,
            description="the bearer token for `/metrics`; without it the page does not exist",
            json_schema_extra={"secret": True},
        ),
    ] = None

    submissions_per_minute: Annotated[
        int, Field(ge=1, le=1_000_000, description="submissions per person and minute")
    ] = 30
    drafts_per_minute: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            description="saved drafts and previews of answers per person and minute",
        ),
    ] = 120
    requests_per_minute: Annotated[
        int, Field(ge=1, le=1_000_000, description="other requests per person and minute")
    ] = 600
    stored_mebibytes_per_day: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            description="MiB that one person's submissions, drafts and readings of reports can add "
            "to the database in a day; more get 429 `storage_budget`",
        ),
    ] = 16
    report_mebibytes_per_day: Annotated[
        int, Field(ge=1, le=1_000_000, description="MiB of uploaded files per person and day")
    ] = 25
    report_days: Annotated[
        int, Field(ge=1, le=36_500, description="days until documents and attachments are deleted")
    ] = 730
    report_workers: Annotated[
        int,
        Field(ge=0, le=16, description="processes that read uploaded files; 0 only in tests"),
    ] = 1
    password_memory: Annotated[
        int,
        Field(
            ge=8,
            le=1_048_576,
            description="KiB of memory for checking one password; forty can be checked at a time",
        ),
    ] = 19 * 1024
    problem_workers: Annotated[
        int,
        Field(
            ge=0,
            le=64,
            description="the number of processes that check and publish instructors' problems, "
            "per serving process; 0 is for tests and disables the deadline",
        ),
    ] = 2
    problem_deadline: Annotated[
        float,
        Field(
            ge=1,
            le=3600,
            allow_inf_nan=False,
            description="seconds after which the check or publication of a problem is stopped "
            "and refused as `problem_too_slow`",
        ),
    ] = 120
    regrade_workers: Annotated[
        int,
        Field(
            ge=0,
            le=64,
            description="the number of processes for regrades; 0 uses the process of the worker",
        ),
    ] = 2
    regrade_cluster: Annotated[
        str | None,
        Field(
            description="a Dask scheduler whose workers run regrades instead, such as "
            "`tcp://10.0.0.5:8786`; requires `dlgrader[cluster]`",
        ),
    ] = None
    heartbeat: Annotated[
        Path | None,
        Field(
            description="a file that a separate worker touches every second; the health check, "
            "`python -m api.server.healthcheck`, then reads it instead of sending a request",
        ),
    ] = None
    failpoint: Annotated[
        str | None,
        Field(
            pattern=failpoints.FAILPOINT_PATTERN,
            description="only for durability tests: where the process dies, `after_judging`, "
            "`before_commit` or `after_commit`; `:3` means the third time",
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
        groups = (LoginSettings.model_fields, MailSettings.model_fields, LtiSettings.model_fields)
        for name in sorted(cls.model_fields, key=lambda name: [name in group for group in groups]):
            field = cls.model_fields[name]
            yield name, field.default, field.description or ""
