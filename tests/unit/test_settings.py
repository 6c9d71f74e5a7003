"""Tests of settings from variables, files and options; errors name their source."""

import tomllib

import pytest
from pydantic_core import ErrorDetails

from api.config.display import render_settings_file
from api.config.environment import SECRET_SETTINGS, read_setting_values, read_settings
from api.config.settings import ServiceSettings
from api.config.sources import SettingsError, describe_setting_errors, find_unknown_variables
from api.config.validators import mask_password


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a small file and returns its path."""

    def written(name: str, text: str) -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return written


def test_environment_overrides_file_and_file_overrides_default(write):
    file = write("grader.toml", 'port = 81\nprocesses = 3\nhosts = ["a.example", "*.b.example"]\n')
    found = read_settings({"GRADER_SETTINGS": file, "GRADER_PORT": "82"})
    assert (found.port, found.processes, found.seeds) == (82, 3, 500)
    assert found.hosts == ("a.example", "*.b.example")


def test_option_overrides_environment_variable():
    found = read_settings({"GRADER_DATABASE": "sqlite:///a.db"}, database="sqlite:///b.db")
    assert found.database == "sqlite:///b.db"


def test_secret_may_be_read_from_a_file_with_a_trailing_newline(write):
    found = read_settings({"GRADER_METRICS_TOKEN_FILE": write("token", "0123456789abcdef\n")})
    assert {found.metrics_token} == {"0123456789abcdef"}


@pytest.mark.parametrize(
    ("address", "becomes"),
    [
        ("postgresql://grader@db/grader", "postgresql://grader:a%2F%40 b@db/grader"),
        ("postgresql://grader:@db/grader", "postgresql://grader:a%2F%40 b@db/grader"),
        ("postgres://grader@db/grader", "postgres://grader:a%2F%40 b@db/grader"),
        ("postgresql+psycopg://g@db:1/g?x=y", "postgresql+psycopg://g:a%2F%40 b@db:1/g?x=y"),
        ("postgresql://db/g?user=grader", "postgresql://db/g?password=a%2F%40+b&user=grader"),
        ("postgresql:///g", "postgresql:///g?password=a%2F%40+b"),
    ],
)
def test_password_is_inserted_into_a_database_url_without_one(address, becomes):
    given = {"GRADER_DATABASE": address, "GRADER_DATABASE_PASSWORD": "a/@ b"}
    found = read_settings(given)
    assert found.database == becomes
    assert not found.has_unused_password


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://grader:own@db/grader",
        "postgresql://db/grader?user=g&password=own",
        "sqlite:///grader.db",
    ],
)
def test_unused_password_leaves_the_database_url_unchanged_and_is_flagged(address):
    given = {"GRADER_DATABASE": address, "GRADER_DATABASE_PASSWORD": "a/@ b"}
    found = read_settings(given)
    assert found.database == address
    assert found.has_unused_password
    assert not read_settings({"GRADER_DATABASE": address}).has_unused_password


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"GRADER_PORT": "http"}, "GRADER_PORT='http': Input should be a valid integer"),
        ({"GRADER_PROCESSES": "0"}, "GRADER_PROCESSES='0': Input should be greater"),
        ({"GRADER_WORKER": "beside"}, "GRADER_WORKER='beside': Input should be 'inside' or"),
        (
            {"GRADER_HOSTS": "a.b,http://x"},
            "GRADER_HOSTS='http://x': 'http://x' is not a host name",
        ),
        (
            {"GRADER_TRUSTED_PROXIES": "caddy"},
            "GRADER_TRUSTED_PROXIES='caddy': 'caddy' is neither an IP",
        ),
        ({"GRADER_TRUSTED_PROXIES": "10.0.0.1/8"}, "has host bits set"),
        ({"GRADER_LOG_FORMAT": "xml"}, "GRADER_LOG_FORMAT='xml'"),
        ({"GRADER_DATABASE_WAIT": "nan"}, "GRADER_DATABASE_WAIT='nan'"),
        ({"GRADER_SETTINGS": "/nowhere/x"}, "GRADER_SETTINGS=/nowhere/x: the file cannot be read"),
        ({"GRADER_METRICS_TOKEN_FILE": "/no"}, "GRADER_METRICS_TOKEN_FILE=/no: the file cannot be"),
        ({"GRADER_METRICS_TOKEN": "short"}, "GRADER_METRICS_TOKEN: String should have at least 16"),
        ({"GRADER_METRICS_TOKEN_FILE": "/dev/null"}, "TOKEN_FILE=/dev/null: the file is empty"),
        (
            {"GRADER_METRICS_TOKEN": "a" * 20, "GRADER_METRICS_TOKEN_FILE": "/x"},
            "GRADER_METRICS_TOKEN and GRADER_METRICS_TOKEN_FILE are both set",
        ),
    ],
)
def test_invalid_environment_setting_is_reported_with_its_variable(environment, said):
    with pytest.raises(SettingsError) as refused:
        read_settings(environment)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("port = 'x'", "grader.toml: port='x': Input should be a valid integer"),
        ("prot = 80", "grader.toml: prot=80: there is no such setting"),
        ("hosts = [1]", "grader.toml: hosts=1: Input should be a valid string"),
        ("port = ", "this is not TOML"),
        ("port = 80\nport = 81", "this is not TOML"),
        (
            "[grader]\nmetrics_token = 'geheim'",
            "grader: the file must not have sections",
        ),
        (
            "[[grader]]\nmetrics_token = 'geheim'",
            "grader: the file must not have sections",
        ),
        ("#" * 65_537, "grader.toml: the file has more than 65,536 characters"),
    ],
)
def test_invalid_file_setting_is_reported_with_its_key(write, text, said):
    with pytest.raises(SettingsError) as refused:
        read_settings({"GRADER_SETTINGS": write("grader.toml", text)})
    assert said in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_settings_file_may_start_with_a_bom_and_reach_the_size_limit(write):
    text = "\ufeffport = 81\n"
    file = write("grader.toml", text + "#" * (65_537 - len(text)))
    assert read_settings({"GRADER_SETTINGS": file}).port == 81


def test_all_invalid_settings_are_reported_without_secrets():
    with pytest.raises(SettingsError) as refused:
        read_settings({"GRADER_PORT": "x", "GRADER_SEEDS": "0", "GRADER_METRICS_TOKEN": "geheim"})
    assert len(refused.value.lines) == 3
    assert "geheim" not in str(refused.value)


def test_unknown_environment_variables_are_reported_except_for_tests():
    given = {"GRADER_PORTS": "1", "GRADER_TEST_ALL": "1", "GRADER_METRICS_TOKEN_FILE": "x"}
    given |= {"GRADER_SETTINGS": "y", "GRADER_PORT": "1", "PATH": "z"}
    assert find_unknown_variables(
        given, ServiceSettings.model_fields, secret_names=SECRET_SETTINGS
    ) == ["GRADER_PORTS"]


@pytest.mark.parametrize("variable", ["GRADER_DATABASE_PASSWORD", "GRADER_METRICS_TOKEN"])
def test_non_utf8_value_is_rejected_without_revealing_secrets(variable):
    given = {"GRADER_DATABASE": "postgresql://g@db/g"}
    given |= {"GRADER_METRICS_TOKEN": "geheim-zwei-und-mehr", variable: "geheim-0123456789\udcff"}
    with pytest.raises(SettingsError) as refused:
        read_settings(given)
    assert str(refused.value) == f"{variable}: the value is not UTF-8"


def test_model_level_error_is_reported_without_setting_values():
    given = {"database": "geheim-eins", "metrics_token": "geheim-zwei"}
    error = ErrorDetails(type="value_error", loc=(), msg="Value error, they collide", input=given)
    assert list(describe_setting_errors([error], {}, secret_names=SECRET_SETTINGS)) == [
        "settings: they collide"
    ]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("geheim", "this is not the address of a database; write sqlite:///FILE or"),
        ("mysql://u:geheim@db/g", "only SQLite and PostgreSQL are supported"),
        ("postgresql+psycopg2://u:geheim@db/g", "only SQLite and PostgreSQL are supported"),
        ("sqlite+aiosqlite:///geheim.db", "only SQLite and PostgreSQL are supported"),
        ("postgresql://u:geheim@db:port/g", "this is not the address of a database"),
        ("sqlite:///:memory:", "no file is named"),
        ("sqlite://", "no file is named"),
        ("sqlite:///geheim\0.db", "the address has characters that cannot be used"),
    ],
)
def test_unusable_database_url_is_rejected_without_revealing_it(address, said):
    with pytest.raises(SettingsError) as refused:
        read_settings({"GRADER_DATABASE": address})
    assert str(refused.value).startswith(f"GRADER_DATABASE: {said}")
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://g:geheim@db/g", "postgresql://g:***@db/g"),
        ("postgresql://g@db/g", "postgresql://g@db/g"),
        ("postgresql://db/g?user=g&password=geheim", "postgresql://db/g?user=g&password=***"),
        ("sqlite:///grader.db", "sqlite:///grader.db"),
    ],
)
def test_database_url_is_displayed_without_its_password(address, shown):
    assert mask_password(address) == shown


def test_printed_settings_can_be_read_back_as_a_file(write):
    environment = {
        "GRADER_PORT": "81",
        "GRADER_DEMO": "1",
        "GRADER_HOSTS": "a.example,b.example",
        "GRADER_BANK": "my bank",
        "GRADER_DATABASE_WAIT": "2.5",
        "GRADER_PUBLIC_URL": "https://a.example",
    }
    settings = read_settings(environment)
    printed = render_settings_file(settings, read_setting_values(environment))
    assert tomllib.loads(printed).keys() == {name[7:].lower() for name in environment}
    assert read_settings({"GRADER_SETTINGS": write("again.toml", printed)}) == settings
    assert "(set by GRADER_PORT)" in printed
    for name in ServiceSettings.model_fields:
        assert f"{name} = " in printed


def test_printed_settings_contain_no_secrets():
    environment = {
        "GRADER_DATABASE": "postgresql://g@db/g",
        "GRADER_DATABASE_PASSWORD": "geheim-eins",
        "GRADER_METRICS_TOKEN": "geheim-zwei-und-mehr",
    }
    printed = render_settings_file(read_settings(environment), read_setting_values(environment))
    assert "geheim" not in printed
    assert '# metrics_token = "***"' in printed
