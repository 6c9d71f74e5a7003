"""Tests that authentication precedes validation, and no query parameter is ignored."""

import pytest
from http_app import ask
from http_app import service as small
from world import OTHER_PROBLEM, World

ONE_DATABASE = True
NOBODYS = {"Authorization": "Bearer gr_api_nobody"}
UNRELEASED = {"release": "2026-12-01 12:00", "due": "2026-12-08 12:00"}
NOT_AN_ID = "not-an-id"
WRONG = [
    {"content": b"{", "headers": {"Content-Type": "application/json"}},
    {"content": b"a", "headers": {"Content-Type": "text/plain"}},
    {"json": {"no_such": 1}},
    {"json": {}},
    {"params": {"no_such": "1"}},
]


def code(answer):
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_authentication_precedes_body_validation(world, course, wrong):
    path = f"/courses/{course}/extensions"
    assert code(world.anonymous.post(path, **wrong)) == (401, "unauthenticated")
    headers = {**wrong.get("headers", {}), **NOBODYS}
    assert world.anonymous.post(path, **{**wrong, "headers": headers}).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/courses?limit=0"),
        ("get", "/courses?limit=many"),
        ("get", "/courses?cursor=none"),
        ("get", f"/courses/{NOT_AN_ID}"),
        ("get", "/audit?since=never"),
    ],
)
def test_authentication_precedes_path_validation(world, method, path):
    assert code(getattr(world.anonymous, method)(path)) == (401, "unauthenticated")
    admin = world.person(admin=True)
    assert code(getattr(admin, method)(path)) == (422, "invalid")


def test_authentication_precedes_the_if_match_check(world, course):
    path = f"/courses/{course}"
    assert world.anonymous.patch(path, {"title": "Other"}).status_code == 401
    teacher = world.enrol(course, role="instructor")
    assert teacher.patch(path, {"title": "Other"}).status_code == 428


def test_invalid_request_does_not_reveal_hidden_objects(world, course):
    [assigned] = world.assignment(course)
    [hidden] = world.assignment(course, published=False)
    [later] = world.assignment(course, timeline_spec=UNRELEASED)
    student, outsider = world.enrol(course), world.person("Out Sider")
    for path, asked in [
        (f"/courses/{course}/extensions", outsider),
        (f"{assigned.path}/submissions", outsider),
        (f"{hidden.path}/submissions", student),
        (f"{later.path}/submissions", student),
        (f"/assignments/{later.assignment}/excuses", student),
    ]:
        refused = asked.post(path, {"no_such": 1})
        there = str(course) if "courses" in path else path.split("/")[2]
        nowhere = asked.post(path.replace(there, str(student.id)), {"no_such": 1})
        assert code(refused) == code(nowhere) == (404, "not_found")
        assert refused.json()["detail"] == nowhere.json()["detail"]
    assert code(student.post(f"{assigned.path}/submissions", {"no_such": 1})) == (422, "invalid")


def test_anonymous_routes_report_validation_errors(world):
    told = world.anonymous.post("/login", {"email": "nobody"})
    assert code(told) == (422, "invalid")


def test_invalid_requests_count_toward_the_rate_limit(database_url):
    world = World(database_url, settings={"requests_per_minute": 2})
    person = world.person()
    answers = [person.get("/courses?limit=0").status_code for _ in range(3)]
    world.close()
    assert answers == [422, 422, 429]


def test_unknown_query_parameters_are_rejected_with_the_known_ones(world, course):
    teacher = world.enrol(course, role="instructor")
    told = teacher.get(f"/courses/{course}/people?rol=grader&limit=1")
    assert told.status_code == 422
    known = "cursor, limit, role, section, state, text"
    assert told.json()["detail"] == (f"The query has an unknown parameter: rol; known are {known}.")
    assert told.json()["errors"] == [
        {"field": "query rol", "message": f"is not a parameter; known are {known}"}
    ]


def test_misspelled_dry_run_parameter_is_rejected(world, course):
    student, teacher = world.enrol(course), world.enrol(course, role="instructor")
    path = f"/courses/{course}/people/{student.id}"
    assert teacher.delete(f"{path}?dry-run=true").status_code == 422
    assert teacher.get(path).json()["withdrawn_at"] is None


def test_contradictory_dry_run_parameters_are_rejected(world, course):
    teacher, student = world.enrol(course, role="instructor"), world.enrol(course)
    path = f"/courses/{course}/extensions"
    told = teacher.post(
        f"{path}?dry_run=true&dry_run=false", {"student": str(student.id), "grants": {"days": 1}}
    )
    assert told.status_code == 422
    assert told.json()["detail"] == ("The query repeats a parameter: dry_run. Send each once.")
    assert told.json()["errors"] == [{"field": "query dry_run", "message": "is repeated"}]
    assert teacher.get(path).json()["items"] == []


def test_list_parameters_may_be_repeated(world, course):
    teacher = world.enrol(course, role="instructor")
    first, second = (world.assignment(course)[0].assignment for _ in range(2))
    path = f"/courses/{course}/exports/csv/check?assignments={first}&assignments={second}"
    assert teacher.get(path).json()["assignments"] == 2


@pytest.mark.parametrize("name", ["<b>", "a b", "x" * 41, "%C3%A4"])
def test_malformed_parameter_names_are_not_echoed(world, name):
    told = world.person().get(f"/me?{name}=1").json()
    assert told["errors"] == [{"field": "query …", "message": told["errors"][0]["message"]}]
    assert told["detail"].endswith("…; there are none here.")


def test_pages_and_probes_accept_any_query(world):
    for path in ("/login", "/healthz", "/docs/errors", "/welcome"):
        assert world.client.get(f"{path}?utm=1").status_code == 200


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_trailing_slash_returns_404_naming_the_right_path_without_redirect(scheme):
    told = ask(small(), "GET", "/api/v1/about/", scheme=scheme)
    assert told.status == 404
    assert "location" not in told.headers
    assert b"Use /api/v1/about" in told.body


@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/api/v1/nothing", "/api/v1/<b>/", "//"])
def test_unknown_paths_are_not_echoed(path):
    told = ask(small(), "GET", path)
    assert told.status == 404
    assert b"Ask for" not in told.body


GRANTS = {"days": 1, "reason": "ill"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/courses/{course}/extensions", {"grants": GRANTS}),
        ("/assignments/{assignment}/excuses", {}),
        ("/assignments/{assignment}/problems", {"problem": "why-large-kernels"}),
    ],
)
def test_dry_run_of_a_creation_creates_nothing(world, course, path, body):
    [assigned] = world.assignment(course)
    world.version(OTHER_PROBLEM)
    student, teacher = world.enrol(course), world.enrol(course, role="instructor")
    path = path.format(course=course, assignment=assigned.assignment)
    sent = body | ({} if "problem" in body else {"student": str(student.id)})
    tried = teacher.post(f"{path}?dry_run=true", sent)
    assert tried.status_code == 200, tried.text
    assert teacher.post(path, sent).status_code == 201
