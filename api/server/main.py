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
from api.config.environment import SECRET_SETTINGS, read_settings
from api.config.settings import UNUSED_PASSWORD_WARNING, ServiceSettings
from api.config.sources import ENV_PREFIX, SettingsError, find_unknown_variables
from api.core.errors import ServiceError
from api.core.logs import configure_logging
from api.db.wait_for_database import explain_database_error
from api.demo.welcome import WelcomeMessage
from api.server.bank_publisher import publish_in_background
from api.server.bootstrap import (
    StartupError,
    bootstrap,
    log_first_step,
    warn_if_demo_is_public,
)
from api.server.connection_balancer import ConnectionCounter, create_counters
from api.server.metrics import MULTIPROCESS_DIR_VARIABLE, forget_process
from api.server.supervisor import SERVER_SLOT, ProcessSlot, Supervisor
from api.server.uvicorn_server import (
    bind_socket,
    exit_cleanly_on_sigterm,
    listener_url,
    run_server,
    start_listening,
)
from api.server.worker import Heartbeat, run_worker
from api.services.sandbox.worker_sandbox import describe_missing_layers, detect_layers
from grader.errors import ProblemError

PRIVATE_UMASK: Final = 0o077
"""Umask that makes the files of the process private, because some contain answers."""

log = getLogger("api.serve")


def serve(settings: ServiceSettings) -> int:
    """Prepare the database, serve until the process is stopped, and return its exit code.

    Meanwhile a separate process publishes the bank.
    """
    with bind_socket(settings) as listener:
        demo_welcome, address = bootstrap(settings), listener_url(listener)
        if settings.demo:
            warn_if_demo_is_public(listener.getsockname()[0])
        start_listening(listener, settings)
        if not settings.demo:
            log_first_step(settings)
        if settings.processes > 1:
            return _serve_with_processes(
                settings, listener, on_ready=lambda: _log_service_address(demo_welcome, address)
            )
        exit_cleanly_on_sigterm()
        if settings.worker == "inside":
            publish_in_background(settings)
        run_server(
            create_app(settings),
            settings,
            listener,
            on_listening=lambda: _log_service_address(demo_welcome, address),
        )
    return 0


def bootstrap_and_run_worker(settings: ServiceSettings) -> None:
    """Wait for the database, then do the work that serving processes leave to a worker."""
    Heartbeat(settings.heartbeat).check_writable()
    bootstrap(settings, is_worker=True)
    run_worker(settings)


def _serve_with_processes(
    settings: ServiceSettings, listener: socket.socket, *, on_ready: Callable[[], None]
) -> int:
    """Serve with several processes, and return the exit code."""
    process_settings = settings.model_copy(update={"worker": "apart"})
    slots = [
        ProcessSlot(SERVER_SLOT, _run_server_process, (process_settings, listener, one))
        for one in create_counters(settings.processes)
    ]
    if settings.worker == "inside":
        Heartbeat(settings.heartbeat).check_writable()
        slots.append(ProcessSlot("worker", _run_worker_process, (process_settings,)))
    with ExitStack() as stack:
        if settings.metrics_token:
            os.environ[MULTIPROCESS_DIR_VARIABLE] = stack.enter_context(
                tempfile.TemporaryDirectory()
            )
        supervisor = Supervisor(
            slots, on_ready=on_ready, on_end=forget_process, on_stop=listener.close
        )
        return supervisor.run()


def _run_server_process(
    on_ready: Callable[[], None],
    settings: ServiceSettings,
    listener: socket.socket,
    counter: ConnectionCounter,
) -> None:
    configure_logging(settings.log_format)
    run_server(create_app(settings), settings, listener, on_listening=on_ready, counter=counter)


def _run_worker_process(on_ready: Callable[[], None], settings: ServiceSettings) -> None:
    configure_logging(settings.log_format)
    run_worker(settings, on_ready=on_ready)


def _log_service_address(welcome: WelcomeMessage | None, address: str) -> None:
    """Log the address of the service; for a demo, print how to log in."""
    missing = describe_missing_layers(detect_layers())
    if missing:
        log.warning("the sandbox of uploaded files is incomplete: %s", missing)
    log.info("Grader is running on %s (Ctrl+C stops it)", address)
    if welcome is not None:
        sys.stdout.write(welcome.render(address))
        sys.stdout.flush()


def main(action: Callable[[ServiceSettings], int | None] = serve) -> None:
    """Run *action*, which serves by default, with the settings of the environment.

    An expected error prints one line and exits with code 2.
    """
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        _exit_with_error(str(error))
    os.umask(PRIVATE_UMASK)
    configure_logging(settings.log_format)
    for name in find_unknown_variables(
        os.environ, ServiceSettings.model_fields, secret_names=SECRET_SETTINGS
    ):
        log.warning("%s is not a setting; `grader settings` lists them", name)
    if settings.has_unused_password:
        log.warning(UNUSED_PASSWORD_WARNING)
    try:
        sys.exit(action(settings))
    except ProblemError as error:
        _exit_with_error(f"{ENV_PREFIX}BANK: {error}")
    except (StartupError, ServiceError) as error:
        _exit_with_error(str(error))
    except SQLAlchemyError as error:
        _exit_with_error(explain_database_error(error))


def _exit_with_error(message: str) -> NoReturn:
    sys.stderr.write(f"{message}\n")
    sys.exit(2)
