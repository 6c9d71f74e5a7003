"""The settings of the service, read once from the environment and passed on from there."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["PREFIX", "Settings"]

PREFIX: Final = "GRADER_"


class Settings(BaseModel):
    """What an operator can set: each field is the variable ``GRADER_`` and its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Annotated[
        str, Field(min_length=1, description="the address to listen on; 0.0.0.0 for every one")
    ] = "127.0.0.1"
    port: Annotated[
        int, Field(ge=0, le=65535, description="the port to listen on; 0 for any free one")
    ] = 8000
    bank: Annotated[
        Path | None, Field(description="a folder of problems instead of the shipped bank")
    ] = None

    database: Annotated[
        str,
        Field(
            min_length=1,
            description="the database: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME",
        ),
    ] = "sqlite:///grader.db"
    demo: Annotated[bool, Field(description="make a demo course with synthetic students")] = False
    demo_students: Annotated[
        int, Field(ge=1, le=900, description="how many students the demo course has")
    ] = 200
    seeds: Annotated[
        int, Field(ge=1, le=500, description="how many variants of a problem are published")
    ] = 500
    public_url: Annotated[
        str,
        Field(
            pattern=r"https?://[^/\s]+",
            description="where people reach the service; links and cookies are made for it",
        ),
    ] = "http://127.0.0.1:8000"

    submissions_per_minute: Annotated[
        int, Field(ge=1, le=1_000_000, description="how often one person may hand in per minute")
    ] = 30
    drafts_per_minute: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            description="how often one person may save a draft or have an answer read per minute",
        ),
    ] = 120
    requests_per_minute: Annotated[
        int, Field(ge=1, le=1_000_000, description="how many other requests one person may make")
    ] = 600
    password_memory: Annotated[
        int,
        Field(ge=8, le=1_048_576, description="KiB of memory that checking one password takes"),
    ] = 19 * 1024
    regrade_workers: Annotated[
        int,
        Field(ge=0, le=64, description="how many processes mark again in a regrade; 0 for none"),
    ] = 2

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings that *environment* gives, the default where a variable is unset.

        Raises pydantic's `ValidationError` where a value cannot be.
        """
        given = {name: environment.get(PREFIX + name.upper(), "") for name in cls.model_fields}
        found = {name: value for name, value in given.items() if value}
        if "port" in found and "public_url" not in found:
            found["public_url"] = f"http://127.0.0.1:{found['port']}"
        return cls.model_validate(found)
