"""Tests of the server in this process: a bad setting or a taken port is an error."""

import os
import shutil
import socket

import pytest

from api.cli.service import DEMO_SEEDS, DEMO_STUDENTS
from api.cli.service import serve as grader_serve
from api.config.settings import ServiceSettings
from api.server.bootstrap import StartupError, bootstrap
from api.server.main import bootstrap_and_run_worker, main, serve
from api.server.uvicorn_server import bind_socket, start_listening
from api.server.worker import Heartbeat

pytestmark = pytest.mark.usefixtures("restored_logging")
WORD = "geheim"


@pytest.fixture(autouse=True)
def rights():
    """Restore the umask of this process, which `main` restricts."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def environment(monkeypatch):
    """Unset all `GRADER_` variables, and return a function that sets variables."""
    for name in [name for name in os.environ if name.startswith("GRADER_")]:
        monkeypatch.delenv(name)

    def change(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return change


def test_invalid_setting_is_reported_by_variable_name(environment, capsys):
    environment(GRADER_PORT="http", GRADER_HOST=":", GRADER_BANK="")
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("GRADER_PORT='http': ")


def test_demo_is_small_unless_its_size_is_set(environment):
    environment(GRADER_PORT="http", GRADER_DEMO="", GRADER_DATABASE="")
    environment(GRADER_SEEDS="3", GRADER_DEMO_STUDENTS="7")
    with pytest.raises(SystemExit):  # for the port, after the settings of the demo
        grader_serve(demo=True, host="", port=None, database=ServiceSettings().database)
    assert (os.environ["GRADER_SEEDS"], os.environ["GRADER_DEMO_STUDENTS"]) == ("3", "7")
    del os.environ["GRADER_SEEDS"], os.environ["GRADER_DEMO_STUDENTS"]
    with pytest.raises(SystemExit):
        grader_serve(demo=True, host="", port=None, database=ServiceSettings().database)
    small = (DEMO_SEEDS, DEMO_STUDENTS)
    assert (os.environ["GRADER_SEEDS"], os.environ["GRADER_DEMO_STUDENTS"]) == small
    assert int(DEMO_STUDENTS) < ServiceSettings().demo_students


def test_missing_bank_folder_is_named_and_server_does_not_start(environment, capsys, tmp_path):
    environment(GRADER_BANK=str(tmp_path / "missing"), GRADER_PORT="0")
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"GRADER_BANK: {tmp_path / 'missing'}: ")


def test_bank_without_problems_is_reported(tmp_path, caplog):
    bootstrap(ServiceSettings(database=f"sqlite:///{tmp_path}/grader.db", bank=tmp_path))
    assert f"GRADER_BANK: {tmp_path} contains no problem" in caplog.text


def test_port_already_in_use_ends_process(environment, capfd):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment(GRADER_PORT=str(taken.getsockname()[1]))
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code not in {0, None}
    assert "address already in use" in capfd.readouterr().err


def test_only_first_of_two_sockets_bound_to_one_port_can_listen():
    with bind_socket(ServiceSettings(port=0)) as first:
        settings = ServiceSettings(port=first.getsockname()[1])
        with bind_socket(settings) as second:
            start_listening(first, settings)
            with pytest.raises(StartupError, match=f"{settings.port}: address already in use; set"):
                start_listening(second, settings)


def test_files_written_by_process_are_private_to_its_user(environment, tmp_path):
    environment()
    with pytest.raises(SystemExit):
        main(lambda _settings: (tmp_path / "written").touch())
    assert (tmp_path / "written").stat().st_mode & 0o777 == 0o600


def test_unused_password_setting_prints_warning(environment, capsys, tmp_path):
    environment(GRADER_DATABASE=f"sqlite:///{tmp_path}/x.db", GRADER_DATABASE_PASSWORD=WORD)
    with pytest.raises(SystemExit):
        main(lambda _settings: 0)
    told = capsys.readouterr().err
    assert "GRADER_DATABASE_PASSWORD is set but not used" in told
    assert WORD not in told


@pytest.mark.parametrize(
    ("then", "processes"), [(bootstrap_and_run_worker, "1"), (serve, "2")], ids=["work", "serve"]
)
def test_unwritable_heartbeat_file_is_reported_before_startup(
    environment, capsys, tmp_path, then, processes
):
    place = tmp_path / "none" / "heartbeat"
    environment(GRADER_HEARTBEAT=str(place), GRADER_PROCESSES=processes, GRADER_PORT="0")
    environment(GRADER_DATABASE=f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(SystemExit) as ended:
        main(then)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert f"the heartbeat {place} cannot be written: no such file or directory" in told
    assert told.endswith("GRADER_HEARTBEAT: set it to a writable file\n")
    assert "Traceback" not in told


def test_later_heartbeat_failures_stop_nothing_and_are_logged_once_each(tmp_path, caplog):
    folder = tmp_path / "beats"
    heart = Heartbeat(folder / "beat")
    for _ in range(2):
        heart.beat()
        heart.beat()
        folder.mkdir()
        heart.beat()
        shutil.rmtree(folder)
    assert [one.levelname for one in caplog.records] == ["ERROR", "ERROR"]


def test_worker_without_heartbeat_skips_heartbeat_check():
    Heartbeat(None).check_writable()
