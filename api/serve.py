"""The server process: ``python -m api.serve``, which `make run` and the container start."""

import os
import sys

import uvicorn
from pydantic import ValidationError

from api.app import create_app
from api.settings import PREFIX, Settings
from grader.errors import ProblemError

__all__ = ["main", "serve"]


def serve(settings: Settings) -> None:
    """Serve until the process is told to stop."""
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, server_header=False)


def main() -> None:
    """Serve with the settings of the environment; a wrong one is named, and the exit code is 2."""
    try:
        settings = Settings.from_environment(os.environ)
    except ValidationError as error:
        for one in error.errors():
            name = PREFIX + str(one["loc"][0]).upper()
            sys.stderr.write(f"{name}={one['input']!r}: {one['msg']}\n")
        sys.exit(2)
    try:
        serve(settings)
    except ProblemError as error:
        sys.stderr.write(f"{PREFIX}BANK: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
