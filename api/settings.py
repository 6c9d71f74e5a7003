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

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings that *environment* gives, the default where a variable is unset.

        Raises pydantic's `ValidationError` where a value cannot be.
        """
        given = {name: environment.get(PREFIX + name.upper(), "") for name in cls.model_fields}
        return cls.model_validate({name: value for name, value in given.items() if value})
