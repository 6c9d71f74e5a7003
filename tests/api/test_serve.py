"""The server process in this one: wrong settings and a taken address end it, and say so."""

import os
import socket

import pytest

from api.serve import main


@pytest.fixture
def environment(monkeypatch):
    """Return a function that sets variables, where none of ours is set before."""
    for name in [name for name in os.environ if name.startswith("GRADER_")]:
        monkeypatch.delenv(name)

    def change(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return change


def test_every_wrong_setting_is_named_by_its_variable(environment, capsys):
    environment(GRADER_PORT="http", GRADER_HOST=":", GRADER_BANK="")
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("GRADER_PORT='http': ")


def test_a_bank_that_is_not_there_is_named_and_nothing_starts(environment, capsys, tmp_path):
    environment(GRADER_BANK=str(tmp_path / "missing"), GRADER_PORT="0")
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"GRADER_BANK: {tmp_path / 'missing'}: ")


def test_an_address_that_is_taken_ends_the_process(environment, capfd):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment(GRADER_PORT=str(taken.getsockname()[1]))
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code not in {0, None}
    assert "address already in use" in capfd.readouterr().err
