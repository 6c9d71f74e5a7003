"""The server process of an installed Grader: ``python -m dlgrader``."""

from api.server.main import main

if __name__ == "__main__":
    main()
