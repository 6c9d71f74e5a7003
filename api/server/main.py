"""Server process, from reading the settings to its exit."""

import os
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from logging import getLogger
from typing import Final, NoReturn

from sqlalchemy.exc import SQLAlchemyError

from api.app import create_app
from api.config.settings import HIDDEN, PREFIX, SET_IN_VAIN, Settings
from api.config.sources import SettingsError, unknown
from api.core.errors import ServiceError
from api.core.logs import write_log
from api.db.wait_for_database import why_unusable
from api.demo.welcome import Welcome
from api.server.bank_publisher import publish_in_background
from api.server.bootstrap import StartError, prepare
from api.server.connection_balancer import Share, shares
from api.server.metrics import FOLDER, forget_process
from api.server.supervisor import SERVER, Post, Supervisor
from api.server.uvicorn_server import address_of, bound, end_quietly, listen, run
from api.server.worker import Heartbeat, work
from grader.errors import ProblemError

__all__ = ["main", "serve", "start_worker"]

OTHERS_NOTHING: Final = 0o077
"""What is taken from the rights of each file that the process writes; there are answers in some."""

log = getLogger("api.serve")


def serve(settings: Settings) -> int:
    """Prepare the database, serve until the process is stopped, and return its exit code.

    Meanwhile a separate process publishes the bank.
    """
    with bound(settings) as listener:
        told, address = prepare(settings), address_of(listener)
        listen(listener, settings)
        if settings.processes > 1:
            return _several(settings, listener, up=lambda: _greet(told, address))
        end_quietly()
        if settings.worker == "inside":
            publish_in_background(settings)
        run(create_app(settings), settings, listener, listening=lambda: _greet(told, address))
    return 0


def start_worker(settings: Settings) -> None:
    """Wait for the database, then do the work that serving processes leave to a worker."""
    Heartbeat(settings.heartbeat).check()
    prepare(settings, is_worker=True)
    work(settings)


def _several(settings: Settings, listener: socket.socket, *, up: Callable[[], None]) -> int:
    """Serve with several processes, and return the exit code."""
    apart = settings.model_copy(update={"worker": "apart"})
    posts = [Post(SERVER, _serve, (apart, listener, one)) for one in shares(settings.processes)]
    if settings.worker == "inside":
        Heartbeat(settings.heartbeat).check()
        posts.append(Post("worker", _work, (apart,)))
    with ExitStack() as stack:
        if settings.metrics_token:
            os.environ[FOLDER] = stack.enter_context(tempfile.TemporaryDirectory())
        supervisor = Supervisor(posts, on_up=up, on_end=forget_process, on_stop=listener.close)
        return supervisor.run()


def _serve(
    up: Callable[[], None], settings: Settings, listener: socket.socket, share: Share
) -> None:
    write_log(settings.log_format)
    run(create_app(settings), settings, listener, listening=up, share=share)


def _work(up: Callable[[], None], settings: Settings) -> None:
    write_log(settings.log_format)
    work(settings, up=up)


def _greet(welcome: Welcome | None, address: str) -> None:
    """Log the address of the service; for a demo, print how to log in."""
    log.info("Grader is running on %s (Ctrl+C stops it)", address)
    if welcome is not None:
        sys.stdout.write(welcome.text(address))
        sys.stdout.flush()


def main(then: Callable[[Settings], int | None] = serve) -> None:
    """Run *then*, which serves by default, with the settings of the environment.

    An expected error prints one line and exits with code 2.
    """
    try:
        settings = Settings.read(os.environ)
    except SettingsError as error:
        _fail(str(error))
    os.umask(OTHERS_NOTHING)
    write_log(settings.log_format)
    for name in unknown(os.environ, Settings.model_fields, hidden=HIDDEN):
        log.warning("%s is no setting; `grader settings` lists them", name)
    if settings.has_idle_password:
        log.warning(SET_IN_VAIN)
    try:
        sys.exit(then(settings))
    except ProblemError as error:
        _fail(f"{PREFIX}BANK: {error}")
    except (StartError, ServiceError) as error:
        _fail(str(error))
    except SQLAlchemyError as error:
        _fail(why_unusable(error))


def _fail(said: str) -> NoReturn:
    sys.stderr.write(f"{said}\n")
    sys.exit(2)
