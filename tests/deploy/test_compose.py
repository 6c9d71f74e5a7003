"""Tests of docker-compose.yml and the Dockerfile, as files."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.config.environment import SECRET_SETTINGS, read_settings
from api.config.login_settings import LoginSettings
from api.config.lti_settings import LtiSettings
from api.config.mail_settings import MailSettings
from api.config.settings import ServiceSettings

ROOT = Path(__file__).parents[2]
COMPOSE_FILE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(COMPOSE_FILE)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COPIED = re.compile(r"^COPY (?!--)(.*) \S+$", re.MULTILINE)
IGNORE = (ROOT / ".dockerignore").read_text(encoding="utf-8")
ONCE = {"secrets", "migrate"}
"""Services that run once and exit."""
STARTS_AS_ROOT = {"db": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"]}
"""Capabilities of services that start as root.

KILL lets the first process, which runs as root, forward the stop signal to PostgreSQL,
which does not.
"""
OPENS_LOW_PORTS = {"tls": ["NET_BIND_SERVICE"]}
ONLY_API = {
    "GRADER_DEMO",
    "GRADER_HOSTS",
    "GRADER_LOCAL_LOGIN",
    "GRADER_LOGIN_HEADER",
    "GRADER_METRICS_TOKEN_FILE",
    "GRADER_NEW_ACCOUNTS",
    "GRADER_OIDC_FILE",
    "GRADER_PROCESSES",
    "GRADER_TRUSTED_PROXIES",
}
"""Settings about requests and logins, which the worker does not read."""
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<kind>:[-+])(?P<word>[^{}]*))?\}")


def loose(name: str, service: dict[str, Any]) -> Iterator[str]:
    """Yield each way in which a service is not locked down."""
    if service.get("cap_drop") != ["ALL"]:
        yield "keeps capabilities"
    if service.get("cap_add", []) != (STARTS_AS_ROOT | OPENS_LOW_PORTS).get(name, []):
        yield "adds capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", ()):
        yield "may gain privileges"
    if not service.get("read_only"):
        yield "writes its image"
    if not service.get("pids_limit") or not (service.get("mem_limit") or name in ONCE):
        yield "has no limits"
    if service.get("restart") != ("no" if name in ONCE else "unless-stopped"):
        yield "is not started again"
    if {"privileged", "network_mode", "pid", "ipc", "devices"} & set(service) - (
        {"network_mode"} if service.get("network_mode") == "none" else set()
    ):
        yield "is not apart"
    if not all(re.fullmatch(r"/[\w/]+:size=\d+m", one) for one in service.get("tmpfs", ())):
        yield "has a tmpfs without a size"
    if not service.get("init"):
        yield "reaps no children"
    yield from (f"listens at {port}" for port in service.get("ports", ()) if not is_local(port))


def substitute(told: str, environment: Mapping[str, str]) -> str:
    """Return a text with its variables replaced, as Compose does: `:-` and `:+` are conditions."""

    def choose(found: re.Match[str]) -> str:
        value = environment.get(found["name"], "")
        return value and found["word"] if found["kind"] == ":+" else value or found["word"] or ""

    done = VARIABLE.sub(choose, told)  # the innermost variables
    return done if done == told else substitute(done, environment)


def plain(told: str) -> str:
    """Return a text with each variable replaced by its default."""
    return substitute(told, {})


def is_local(port: str) -> bool:
    """Return whether a port is published on this machine only, by default."""
    return plain(port).startswith("127.0.0.1:")


def test_worker_has_every_api_setting_that_it_reads():
    """E-mail is composed by the worker: its links begin with the address of the service."""
    api, worker = (set(SERVICES[name]["environment"]) for name in ("api", "worker"))
    assert api - worker == ONLY_API
    assert "GRADER_PUBLIC_URL" in worker


PASSED = {
    **dict.fromkeys(LoginSettings.model_fields, ("api",)),
    **dict.fromkeys([*MailSettings.model_fields, *LtiSettings.model_fields], ("api", "worker")),
}
"""Settings of logins, e-mail and LTI, each with the services that read it."""
OPERATORS_OWN = {"GRADER_SMTP_PASSWORD_FILE": "${GRADER_SMTP_USER:+/secrets/smtp_password}"}
"""Secrets that the operator puts into the volume, with the condition under which they are read."""
SECRET_FILES = OPERATORS_OWN | {"GRADER_OIDC_FILE": "${GRADER_OIDC_FILE:-}"}


@pytest.mark.parametrize("setting", PASSED)
def test_settings_of_logins_mail_and_lti_are_passed_from_the_environment(setting):
    variable = f"GRADER_{setting.upper()}"
    for name in PASSED[setting]:
        environment = SERVICES[name]["environment"]
        if setting in SECRET_SETTINGS:
            assert environment[f"{variable}_FILE"] == SECRET_FILES[f"{variable}_FILE"]
            assert variable not in environment
        else:
            assert VARIABLE.fullmatch(environment[variable])
            assert environment[variable].startswith(f"${{{variable}:-")


@pytest.mark.parametrize("user", ["", "grader"])
def test_smtp_password_is_read_from_the_volume_only_with_a_user(tmp_path, user):
    secret = tmp_path / "smtp_password"
    secret.write_text("from-the-volume\n", encoding="utf-8")
    chosen = {
        "GRADER_SMTP_HOST": "smtp.example.edu",
        "GRADER_SMTP_TLS": "tls",
        "GRADER_SMTP_USER": user,
        "GRADER_MAIL_FROM": "grader@example.edu",
    }
    passed = {
        variable: substitute(str(value), chosen).replace("/secrets", str(tmp_path))
        for variable, value in SERVICES["worker"]["environment"].items()
        if variable.startswith(("GRADER_SMTP", "GRADER_MAIL"))
    }
    settings = read_settings(passed)
    assert (settings.smtp_host, settings.smtp_tls) == ("smtp.example.edu", "tls")
    password = "from-the-volume" if user else None
    assert (settings.smtp_user, settings.smtp_password) == (user or None, password)


PROXY = "10.213.77.2"


@pytest.mark.parametrize(
    ("variable", "default", "value"),
    [
        ("GRADER_HOSTS", "", "grader.example.edu"),
        ("GRADER_OIDC_FILE", "", "/secrets/oidc.json"),
        ("GRADER_LOGIN_HEADER", "", "X-Remote-User: 10.213.77.1"),
        ("GRADER_NEW_ACCOUNTS", "", "example.edu, *.example.edu"),
        ("GRADER_LOCAL_LOGIN", "true", "false"),
        ("GRADER_TRUSTED_PROXIES", PROXY, "10.213.77.1"),
    ],
)
def test_settings_of_logins_reach_the_api(variable, default, value):
    written = SERVICES["api"]["environment"][variable]
    assert substitute(written, {}) == default
    assert substitute(written, {variable: value}) == value


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened(name):
    assert list(loose(name, SERVICES[name])) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cap_drop": []}, "keeps capabilities"),
        ({"cap_add": ["SYS_ADMIN"]}, "adds capabilities"),
        ({"security_opt": []}, "may gain privileges"),
        ({"read_only": False}, "writes its image"),
        ({"mem_limit": None}, "has no limits"),
        ({"pids_limit": None}, "has no limits"),
        ({"restart": "no"}, "is not started again"),
        ({"network_mode": "host"}, "is not apart"),
        ({"tmpfs": ["/var/x"]}, "has a tmpfs without a size"),
        ({"tmpfs": ["/var/x:size=1m", "/run:mode=700"]}, "has a tmpfs without a size"),
        ({"ports": ["8000:8000"]}, "listens at 8000:8000"),
        ({"ports": ["${ANY:-0.0.0.0}:8000:8000"]}, "listens at ${ANY:-0.0.0.0}:8000:8000"),
    ],
)
def test_planted_hardening_gap_is_detected(change, said):
    service = SERVICES["api"] | change
    assert list(loose("api", service)) == [said]


def test_database_has_no_external_network_or_ports():
    assert SERVICES["db"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert "ports" not in SERVICES["db"]


def test_compose_file_contains_no_secrets():
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET", variable):
                assert variable.endswith("_FILE"), (name, variable)
                if variable in OPERATORS_OWN:
                    assert value == OPERATORS_OWN[variable]
                    continue
                assert str(value).startswith("/secrets/"), (name, variable)
                assert value in SERVICES["secrets"]["command"], "nobody makes it"


def test_tmpfs_uses_at_most_half_of_service_memory():
    for name, service in SERVICES.items():
        size = sum(int(one.rpartition("=")[2][:-1]) for one in service.get("tmpfs", ()))
        limit = plain(service.get("mem_limit", "1g"))
        mebibytes = int(limit[:-1]) * {"g": 1024, "m": 1}[limit[-1]]
        assert size <= mebibytes / 2, name


def test_api_memory_limit_covers_configured_usage():
    from api.config.settings import ServiceSettings  # noqa: PLC0415

    settings = ServiceSettings()
    processes = int(plain(SERVICES["api"]["environment"]["GRADER_PROCESSES"]))
    idle, checks, buffer = 162, 40 * settings.password_memory / 1024, 128 / 1024
    of_each = idle + checks + settings.body_memory + settings.response_memory
    of_each += settings.connections * buffer
    reader = 67  # when idle
    needed = processes * (of_each + settings.report_workers * reader)
    limit = plain(SERVICES["api"]["mem_limit"])
    assert limit.endswith("g")
    assert needed <= int(limit[:-1]) * 1024


def test_services_have_health_checks():
    for name in ("api", "worker", "db", "scheduler", "dask"):
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
        assert not any(" " in word for word in SERVICES[name]["healthcheck"]["test"])
    assert SERVICES["api"]["depends_on"]["migrate"] == {
        "condition": "service_completed_successfully"
    }


def test_stop_grace_period_exceeds_shutdown_time():
    from api.server.supervisor import KILL_AFTER_SECONDS  # noqa: PLC0415

    for name in ("api", "worker"):
        assert int(SERVICES[name]["stop_grace_period"].rstrip("s")) > KILL_AFTER_SECONDS


def test_image_is_built_by_one_service_that_others_wait_for():
    """Compose would build the image once per service.

    None may pull an image that somebody else calls `grader`.
    """
    ours = {name for name, one in SERVICES.items() if "GRADER_IMAGE" in one["image"]}
    assert ours == set(SERVICES) - {"db", "tls"}
    assert {name for name, one in SERVICES.items() if "build" in one} == {"secrets"}
    assert {name for name in ours if SERVICES[name].get("pull_policy") != "never"} == set()
    assert all("secrets" in waited_for(name) for name in set(SERVICES) - {"secrets"})


def waited_for(name: str) -> set[str]:
    """Return the services that a service waits for, directly or indirectly."""
    found = set(SERVICES[name].get("depends_on", ()))
    return found.union(*(waited_for(one) for one in found))


def test_only_proxy_address_is_trusted_and_never_reassigned():
    [pool] = COMPOSE["networks"]["outside"]["ipam"]["config"]
    subnet, given = ip_network(plain(pool["subnet"])), ip_network(plain(pool["ip_range"]))
    proxy = ip_address(plain(SERVICES["tls"]["networks"]["outside"]["ipv4_address"]))
    assert given.subnet_of(subnet)
    assert proxy in subnet
    assert {proxy, ip_address(plain(pool["gateway"]))}.isdisjoint(given)
    assert plain(SERVICES["api"]["environment"]["GRADER_TRUSTED_PROXIES"]) == str(proxy)


def test_every_compose_variable_is_documented_for_operators():
    variables = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE_FILE))
    page = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert variables - {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)} == set()


def test_mail_and_lti_limits_match_settings_defaults():
    found = re.findall(r"\$\{GRADER_((?:MAIL|SMTP|LTI)_\w+):-(\w+)\}", COMPOSE_FILE)
    assert len(found) >= 5
    for name, value in found:
        assert value == str(ServiceSettings.model_fields[name.lower()].default), name


def test_profiles_separate_optional_services():
    profiles = {name: one.get("profiles") for name, one in SERVICES.items() if "profiles" in one}
    assert profiles == {"tls": ["tls"], "scheduler": ["cluster"], "dask": ["cluster"]}


def test_image_runs_as_numeric_user_without_shell_or_curl():
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (.*)$", last, re.MULTILINE) == ["10001:10001"]
    assert re.search(r'^CMD \["python", "-m", "api"\]$', last, re.MULTILINE)
    assert re.search(r'HEALTHCHECK .*\n\s+CMD \["python", "-m", "api.server.healthcheck"\]', last)
    assert "curl" not in DOCKERFILE


def test_image_declares_no_volume_and_limits_openblas_threads():
    """An anonymous volume would be writable in every container and outlive it."""
    assert "VOLUME" not in DOCKERFILE
    assert "OPENBLAS_NUM_THREADS=1" in DOCKERFILE


def test_every_base_image_is_a_variable_that_allows_a_digest():
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${PYTHON}"}
    assert DOCKERFILE.index("ARG PYTHON=") < DOCKERFILE.index("FROM")


def test_image_includes_every_source_of_the_wheel():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    taken = wheel["targets"]["wheel"]
    sources = {*taken["packages"], *taken["force-include"], "pyproject.toml", "uv.lock"}
    copied = [name for names in COPIED.findall(DOCKERFILE) for name in names.split()]
    sent = [line[1:] for line in IGNORE.splitlines() if line.startswith("!")]
    for source in sources:
        assert any(fnmatch(source, one) or source.startswith(f"{one}/") for one in copied), source
        assert any(fnmatch(source, one) or source.startswith(f"{one}/") for one in sent), source
