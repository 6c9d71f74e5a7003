"""The server process: ``python -m api``, which `make run` and the container start.

A process that it starts does not load the whole service again: Python leaves out a main module of
this name, and no other.
"""

from api.server.main import main

if __name__ == "__main__":
    main()
