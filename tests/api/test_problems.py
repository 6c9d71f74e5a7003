"""Tests of the problem API: uploads, checks, versions, previews, diffs, retirement."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from actors import NOW
from sqlalchemy import select
from world import TEXT_PROBLEM, Person, World, bank_source

from api.db.models import AuditEntry, ProblemVersion, Variant
from problems.checks.checker import check_text
from problems.registry import REGISTRY

YAML = {"Content-Type": "application/yaml"}
TOY = """\
id: toy
title: A toy problem
topic: toys
difficulty: 2
params: {W: {choose: [64, 97, 128, 160, 200], original: 64}}
statement: A width of {{W}}.
parts:
  - {id: side, kind: integer, points: 1/2, prompt: Width?, key: "conv_size(W, 3)"}
examples:
  - {answers: {side: "62"}, expect: {side: correct}}
"""
REMARKED = TOY.replace("points: 1/2", "points: 2")
REDRAWN = TOY.replace("97", "99")
BROKEN = TOY.replace("conv_size", "conv_sise").replace("title:", "titel:")


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """Yield a service that publishes few variants."""
    world = World(database_url, settings={"seeds": 3})
    yield world
    world.close()


class Desk:
    """Client for a course's problem routes, as an instructor."""

    def __init__(self, world: World) -> None:
        self.course = world.course()
        self.who = world.enrol(self.course, "Iris Example", role="instructor")
        self.path = f"/courses/{self.course}/problems"

    def upload(self, text: str | bytes = TOY, *, by: Person | None = None, **query: Any) -> Any:
        return (by or self.who).post(self.path, content=text, headers=YAML, params=query)

    def check(self, text: str | bytes) -> Any:
        return self.who.post(f"{self.path}/check", content=text, headers=YAML)

    def get(self, version: object = "", what: str = "", **query: Any) -> Any:
        pieces = [self.path, *(str(one) for one in (version, what) if one)]
        return self.who.get("/".join(pieces), params=query)

    def act(self, version: object, what: str) -> Any:
        return self.who.post(f"{self.path}/{version}/{what}", {"reason": "as agreed"})


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


def numbers(world: World, version: str) -> list[Any]:
    with world.db.reading() as session:
        found = select(Variant).where(Variant.version_id == UUID(version))
        rows = session.scalars(found.order_by(Variant.position))
        return [(one.position, one.data["params"]) for one in rows]


def count(world: World) -> int:
    with world.db.reading() as session:
        return len(session.scalars(select(ProblemVersion.id)).all())


def test_upload_creates_published_version_with_variants(world, desk):
    answer = desk.upload(note="the first")
    assert answer.status_code == 201
    told = answer.json()
    assert (told["problem"], told["number"], told["status"]) == ("toy", 1, "published")
    assert (told["space"], told["points"], told["note"]) == ("course", 0.5, "the first")
    assert told["source"] == TOY
    assert answer.headers["Location"] == f"/api/v1{desk.path}/{told['id']}"
    assert [at for at, _ in numbers(world, told["id"])] == [-1, 0, 1, 2]
    assert desk.get(told["id"]).json() == told


def test_uploaded_problem_can_be_assigned_and_answered(world, desk):
    told = desk.upload().json()
    assignment = world.assignment(desk.course)[0].assignment
    added = desk.who.post(
        f"/assignments/{assignment}/problems", {"problem": "toy", "version": told["id"]}
    )
    assert added.status_code == 201, added.text
    student = world.enrol(desk.course)
    answer = student.post(
        f"/assignments/{assignment}/problems/toy/submissions", {"answers": {"side": "62"}}
    )
    assert answer.json()["results"][0]["status"] == "correct"


@pytest.mark.parametrize(
    "text",
    [BROKEN, "", "id: [", TOY.replace("(W, 3)", "(W, 999)"), TOY.replace("correct", "wrong")],
)
def test_upload_errors_match_checker_messages_and_lines(world, desk, text):
    expected = check_text(text, file="toy.yaml", registry=REGISTRY, seeds=3).report.errors
    assert expected
    for told in (desk.check(text).json()["errors"], desk.upload(text).json()["errors"]):
        found = [f"toy.yaml:{one['line']}: {_said(one)}" for one in told]
        assert found == list(expected)
    assert desk.upload(text).status_code == 422
    assert desk.upload(text).json()["code"] == "invalid_problem"
    assert desk.check(text).json()["ok"] is False
    assert count(world) == 0


def _said(one: dict[str, Any]) -> str:
    field = one.get("field")
    return f"{field}: {one['message']}" if field else one["message"]


@pytest.mark.parametrize("text", [b"\xff\xfe", b"id: \xe9"])
def test_non_utf_8_file_is_rejected(desk, text):
    assert "is not UTF-8" in desk.check(text).json()["errors"][0]["message"]
    assert desk.upload(text).status_code == 422


def test_problem_check_reports_result_and_stores_nothing(world, desk):
    told = desk.check(TEXT_PROBLEM).json()
    assert (told["ok"], told["problem"], told["errors"]) == (True, "why-small-kernels", [])
    assert told["variants"] == 3
    assert "no examples" in told["warnings"][0]["message"]
    assert told["report"]["walked"] > 3
    assert count(world) == 0


@pytest.mark.parametrize("text", [TOY, TEXT_PROBLEM])
def test_check_and_upload_report_same_variant_count(desk, text):
    """It said 24 variants and the draft had 20."""
    assert desk.check(text).json()["variants"] == desk.upload(text).json()["variants"] == 3


def test_upload_rejects_wrong_content_type_and_oversized_body(desk):
    wrong = desk.who.post(desk.path, {"text": TOY})
    assert (wrong.status_code, "application/yaml" in wrong.json()["detail"]) == (415, True)
    large = desk.upload("#" * (256 * 1024 + 1))
    assert large.status_code == 413


@pytest.mark.parametrize("text", [TOY, f"# a word\n{TOY}", TOY.replace("2}", "2 }")])
def test_unchanged_upload_is_refused(world, desk, text):
    desk.upload()
    again = desk.upload(text)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert "Version 1 of toy is the same" in again.json()["detail"]
    assert count(world) == 1


def test_grading_change_keeps_variants_of_previous_version(world, desk):
    first, second = desk.upload().json(), desk.upload(REMARKED).json()
    assert (second["number"], second["based_on"]) == (2, first["id"])
    assert numbers(world, second["id"]) == numbers(world, first["id"])


def test_changed_draws_produce_new_variants(world, desk):
    first, second = desk.upload().json(), desk.upload(REDRAWN).json()
    assert second["based_on"] is None
    assert numbers(world, second["id"]) != numbers(world, first["id"])


def test_edited_bank_problem_becomes_course_version_with_same_variants(world, desk):
    shared = world.version("conv-output-shape")
    text = bank_source("conv-output-shape")
    assert desk.upload(text).status_code == 409
    own = desk.upload(text.replace("points: 2", "points: 3", 1)).json()
    assert (own["space"], own["number"], own["based_on"]) == ("course", 1, str(shared.id))
    assert numbers(world, own["id"]) == numbers(world, str(shared.id))


def test_concurrent_uploads_create_one_version(world, desk):
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: desk.upload(), range(2)))
    assert sorted(one.status_code for one in answers) == [201, 409]
    assert count(world) == 1


def test_versions_are_listed_newest_first(desk):
    for text in (TOY, REMARKED, REDRAWN):
        last = desk.upload(text).json()
    told = desk.get(last["id"], "versions").json()["items"]
    assert [(one["number"], one["keeps_numbers"]) for one in told] == [
        (3, False),
        (2, True),
        (1, False),
    ]


@pytest.mark.parametrize(
    ("text", "changed", "line"),
    [(REMARKED, ["marking"], "points: 2"), (REDRAWN, ["draw"], "99")],
)
def test_diff_reports_changed_block_and_lines(desk, text, changed, line):
    first, second = desk.upload().json(), desk.upload(text).json()
    told = desk.get(second["id"], "diff").json()
    assert (told["before"], told["after"]) == (first["id"], second["id"])
    assert told["changed"] == changed
    assert told["text"].startswith("--- version 1\n+++ version 2\n@@ ")
    added = [one for one in told["text"].splitlines()[2:] if one.startswith("+")]
    assert len(added) == 1
    assert line in added[0]
    back = desk.get(first["id"], "diff", against=second["id"]).json()
    assert (back["changed"], back["before"]) == (changed, second["id"])


def test_a_diff_needs_two_versions_of_one_problem(world, desk):
    first = desk.upload().json()
    assert desk.get(first["id"], "diff").status_code == 404
    other = world.version("conv-output-shape")
    answer = desk.get(first["id"], "diff", against=other.id)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "query against"


def test_preview_includes_statement_key_and_mistakes(desk):
    told = desk.get(desk.upload().json()["id"], "preview").json()
    assert (told["position"], told["seed"], told["statement"]) == (-1, None, "A width of 64.")
    [part] = told["parts"]
    assert (part["prompt"], part["key"], part["shown"]) == ("Width?", 62, "62")
    named = {name: one["value"] for one in part["mistakes"] for name in one["ids"]}
    assert named == {"forgot_plus_one": 61, "same_padding_assumed": 64}


def test_preview_selects_variant_by_position_or_seed(world, desk):
    version = desk.upload().json()["id"]
    for at, params in numbers(world, version):
        told = desk.get(version, "preview", position=at).json()
        assert told["params"]["W"] == params["W"]
        assert told["statement"] == f"A width of {params['W']}."
        if told["seed"] is not None:
            assert desk.get(version, "preview", seed=told["seed"]).json() == told
    said = desk.get(version, "preview", seed=9999).json()["detail"]
    assert re.fullmatch(
        r"There is no such variant\. The published variants are position -1, the original and "
        r"positions 0 to 2 "
        r"with the seeds \d+, \d+, \d+\.",
        said,
    )
    for query in ({"position": 3}, {"seed": 9999}):
        answer = desk.get(version, "preview", **query)
        assert answer.status_code == 404
        assert "positions 0 to 2" in answer.json()["detail"]


def test_preview_of_text_part_has_rubric_and_model_answer(desk):
    told = desk.get(desk.upload(TEXT_PROBLEM).json()["id"], "preview").json()
    part = next(one for one in told["parts"] if one["kind"] == "text")
    assert [one["id"] for one in part["rubric"]] == ["fewer", "deeper"]
    assert part["model"].startswith("Fewer parameters")


def test_draft_version_is_listed_but_cannot_be_assigned(world, desk):
    draft = desk.upload(draft=True).json()
    assert draft["status"] == "draft"
    assert desk.get(space="course").json()["items"] == []
    assert [one["id"] for one in desk.get(status="draft").json()["items"]] == [draft["id"]]
    assignment = world.assignment(desk.course)[0].assignment
    path = f"/assignments/{assignment}/problems"
    setting = {"problem": "toy", "version": draft["id"]}
    assert desk.who.post(path, setting).status_code == 422
    assert desk.act(draft["id"], "publish").json()["status"] == "published"
    assert desk.act(draft["id"], "publish").status_code == 409
    assert desk.who.post(path, setting).status_code == 201


def test_retired_version_stays_in_assignments_but_cannot_be_added(world, desk):
    version = desk.upload(TEXT_PROBLEM).json()["id"]
    assignment = world.assignment(desk.course, "conv-output-shape")[0].assignment
    path = f"/assignments/{assignment}/problems"
    setting = {"problem": "why-small-kernels", "version": version}
    assert desk.who.post(path, setting).status_code == 201
    retired = desk.act(version, "retire").json()
    assert (retired["status"], retired["retired_at"]) == ("retired", "2026-11-02T12:00:00.000000Z")
    assert desk.act(version, "retire").status_code == 409
    assert desk.get(space="course").json()["items"] == []
    assert desk.who.post(path, setting | {"problem": "again"}).status_code == 422
    student = world.enrol(desk.course)
    answer = student.post(f"{path}/why-small-kernels/submissions", {"answers": {"cells": "9"}})
    assert answer.status_code == 201
    back = desk.act(version, "publish").json()
    assert (back["status"], back["retired_at"]) == ("published", None)


def test_a_retired_version_can_be_uploaded_again(desk):
    version = desk.upload().json()["id"]
    desk.act(version, "retire")
    again = desk.upload()
    assert (again.status_code, again.json()["number"]) == (201, 2)


def test_course_cannot_retire_bank_version(world, desk):
    shared = world.version("conv-output-shape")
    answer = desk.act(shared.id, "retire")
    assert answer.status_code == 403
    assert "Upload your own version" in answer.json()["detail"]
    assert desk.get(shared.id).json()["status"] == "published"


def test_course_sees_bank_and_own_problems_only(world, desk):
    world.version("conv-output-shape")
    own = desk.upload().json()
    other = Desk(world)
    theirs = other.upload(REDRAWN).json()
    listed = [(one["problem"], one["space"]) for one in desk.get().json()["items"]]
    assert listed == [("conv-output-shape", "bank"), ("toy", "course")]
    assert desk.get(space="bank").json()["items"][0]["problem"] == "conv-output-shape"
    for what in ("", "versions", "diff", "preview"):
        assert desk.get(theirs["id"], what).status_code == 404
        assert other.get(own["id"], what).status_code == 404
    assert desk.get(own["id"], "diff", against=theirs["id"]).status_code == 404
    for what in ("publish", "retire"):
        assert desk.act(theirs["id"], what).status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["conv-output-shape", "toy", "why-small-kernels"]),
        ({"topic": "toys"}, ["toy"]),
        ({"topic": "toy"}, []),
        ({"text": "SMALL"}, ["why-small-kernels"]),
        ({"text": "toy problem"}, ["toy"]),
        ({"text": "%"}, []),
        ({"text": "_"}, []),
        ({"kind": "shape"}, ["conv-output-shape"]),
        ({"kind": "integer"}, ["toy", "why-small-kernels"]),
        ({"kind": "text", "space": "course"}, ["why-small-kernels"]),
        ({"kind": "matrix"}, []),
        ({"difficulty": "5"}, []),
        ({"status": "retired"}, []),
    ],
)
def test_problem_list_filters_by_topic_text_and_kind(world, desk, query, expected):
    world.version("conv-output-shape")
    desk.upload(TEXT_PROBLEM)
    desk.upload()
    assert [one["problem"] for one in desk.get(**query).json()["items"]] == expected


@pytest.mark.parametrize(
    "query", [{"kind": 'a"b'}, {"status": "gone"}, {"space": "mine"}, {"difficulty": "6"}]
)
def test_invalid_problem_filter_is_rejected(desk, query):
    assert desk.get(**query).status_code == 422


def test_problem_list_pagination_skips_no_problem(world, desk):
    world.version("conv-output-shape")
    desk.upload(TEXT_PROBLEM)
    desk.upload()
    found, cursor = [], {}
    for _ in range(3):
        page = desk.get(limit=1, **cursor).json()
        found += [one["problem"] for one in page["items"]]
        cursor = {"cursor": page["next"]}
    assert found == ["conv-output-shape", "toy", "why-small-kernels"]
    assert page["next"] is None


def test_problem_list_shows_newest_version_of_each(desk):
    desk.upload()
    last = desk.upload(REMARKED).json()
    [listed] = desk.get().json()["items"]
    assert (listed["id"], listed["number"], listed["points"]) == (last["id"], 2, 2)


def test_tas_read_problems_and_students_have_no_access(world, desk):
    version = desk.upload().json()["id"]
    helper = world.enrol(desk.course, role="grader")
    student = world.enrol(desk.course)
    for what in ("", f"/{version}", f"/{version}/preview", f"/{version}/versions"):
        assert helper.get(f"{desk.path}{what}").status_code == 200
        assert student.get(f"{desk.path}{what}").status_code == 403
    for who in (helper, student):
        assert desk.upload(REMARKED, by=who).status_code == 403


def test_version_changes_are_audited(world, desk):
    version = desk.upload(draft=True, note="for next week").json()["id"]
    desk.act(version, "publish")
    desk.act(version, "retire")
    with world.db.reading() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(one.action, one.reason, one.target_id, one.actor_id) for one in rows] == [
        ("version.created", "for next week", version, desk.who.id),
        ("version.published", "as agreed", version, desk.who.id),
        ("version.retired", "as agreed", version, desk.who.id),
    ]
    assert {one.at for one in rows} == {NOW}


def test_problem_checks_are_rate_limited(desk):
    answers = [desk.check("").status_code for _ in range(31)]
    assert answers == [200] * 30 + [429]
