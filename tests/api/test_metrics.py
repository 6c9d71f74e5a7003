"""Tests of the Prometheus metrics: who may read them, and what they count."""

import re
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from world import World

from api.db.models import OutboxMessage
from api.server.metrics import Metrics
from api.services.sandbox.worker_sandbox import detect_layers

ASKS = "figures-for-the-test"
ASKED = {"Authorization": f"Bearer {ASKS}"}


@pytest.fixture
def counted(database_url):
    """Yield a service with metrics enabled."""
    world = World(database_url, settings={"metrics_token": ASKS})
    yield world
    world.close()


def figures(world: World) -> dict[str, float]:
    """Return the metrics by name and labels."""
    answer = world.client.get("/metrics", headers=ASKED)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"
    lines = (line for line in answer.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_metrics_return_404_without_a_configured_token(world):
    assert world.client.get("/metrics", headers=ASKED).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": ASKS}, {"Authorization": "Bearer "}, {"Authorization": "Bearer é"}],
)
def test_metrics_require_the_token(counted, headers):
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = counted.client.get("/metrics", headers=raw)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert "grader_" not in answer.text


def test_requests_are_counted_by_method_route_and_status(counted):
    course = counted.course()
    student = counted.enrol(course)
    [assigned] = counted.assignment(course)
    assert student.submit(assigned, {"cells": "9"}).status_code == 201
    assert student.get(f"/courses/{course}").status_code == 200
    counted.client.request("BREW", "/api/v1/coffee")
    found = figures(counted)
    route = "/api/v1/assignments/{assignment}/problems/{problem}/submissions"
    assert found[f'grader_requests_total{{method="POST",route="{route}",status="201"}}'] == 1
    course_route = "/api/v1/courses/{course}"
    assert found[f'grader_requests_total{{method="GET",route="{course_route}",status="200"}}'] == 1
    assert found['grader_request_seconds_count{area="submissions"}'] == 1
    assert found["grader_requests_under_way"] == 1  # the one that asks
    assert not [name for name in found if "BREW" in name or "coffee" in name or course.hex in name]
    assert [name for name in found if 'method="other"' in name]


def test_metrics_contain_no_names_ids_or_secrets(counted):
    course = counted.course()
    student = counted.enrol(course, "Ada Zqperson")
    student.get("/me?secret=zqsecret")
    text = "\n".join(figures(counted))
    assert not re.search(r"zq|[0-9a-f]{8}-[0-9a-f]{4}", text, re.IGNORECASE)


MAIL = {"smtp_host": "127.0.0.1", "smtp_tls": "none", "mail_from": "grader@example.edu"}


def test_unsent_messages_are_counted_with_the_delay_of_the_oldest(database_url):
    world = World(database_url, settings={"metrics_token": ASKS, **MAIL})
    person, now = world.person(), world.clock()
    minutes = {"waiting": (-5, -2, 30), "failed": (-60,), "sent": (-90,), "dropped": (-90,)}
    with world.session() as session:
        for status, times in minutes.items():
            for minute in times:
                due_at = now + timedelta(minutes=minute)
                session.add(
                    OutboxMessage(
                        recipient_id=person.id,
                        kind="reset",
                        status=status,
                        created_at=now,
                        due_at=due_at,
                    )
                )
    read = {name: value for name, value in figures(world).items() if "outbox" in name}
    world.close()
    assert read == {
        'grader_outbox_messages{channel="mail",status="waiting"}': 3,
        'grader_outbox_messages{channel="mail",status="failed"}': 1,
        'grader_outbox_messages{channel="score",status="waiting"}': 0,
        'grader_outbox_messages{channel="score",status="failed"}': 0,
        'grader_outbox_oldest_seconds{channel="mail"}': 300,
        'grader_outbox_oldest_seconds{channel="score"}': 0,
    }


def test_no_messages_are_counted_without_email_and_lti(database_url):
    world = World(database_url, settings={"metrics_token": ASKS, "lti": False})
    read = figures(world)
    world.close()
    assert [name for name in read if "outbox" in name] == []


def test_request_metrics_are_rendered_while_the_database_is_down():
    def fail():
        raise OperationalError("SELECT", {}, Exception("down"))

    rendered = Metrics(fail).render().decode()
    assert "grader_info" in rendered
    for layer, is_supported in detect_layers()._asdict().items():
        assert f'grader_sandbox_layer{{layer="{layer}"}} {float(is_supported)}' in rendered
