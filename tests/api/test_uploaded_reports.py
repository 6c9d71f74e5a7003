"""Tests of uploaded reports over REST: read, confirmed, and counted like typed answers."""

import hashlib
from uuid import UUID

import pytest
from regrading import run_action, run_dry_run
from sqlalchemy import event, select
from student_setup import DUE_TOMORROW
from uploads import REPORT, confirm, create_report, report_path, upload_report
from word_files import from_lines
from world import OTHER_PROBLEM, TEXT_PROBLEM, World

from api.db.models import Report, ReportAnswer
from api.rate_limits.leaky_bucket import LeakyBucketLimiter
from api.services.files import expiry_runner
from api.services.reports.docx_package import OLD_WORD
from api.services.reports.uploads import reading_job, storage
from api.services.reports.uploads.confirmation import (
    NUMBERS_CHANGED_MESSAGE,
    load_confirmations,
)
from api.services.reports.uploads.reading_job import measure_reading

MEBIBYTE = 1024 * 1024


@pytest.fixture
def assigned(world, course):
    [assigned] = world.assignment(course, TEXT_PROBLEM)
    return assigned


def submissions(person, assigned):
    return person.get(f"{assigned.path}/submissions").json()["items"]


def test_report_upload_reads_answers_without_grading(student, assigned):
    report = create_report(student, assigned)
    found = {part["part"]: part for part in report["parts"]}
    assert {name: part["confidence"] for name, part in found.items()} == dict.fromkeys(
        ("cells", "doubled", "why"), "certain"
    )
    assert [part["label"] for part in found.values()] == ["1(a)", "1(b)", "1(c)"]
    assert found["cells"]["passages"][0] == {
        "text": "9",
        "read_as": "9",
        "quote": "How many cells: 9",
        "context": "How many cells: 9",
        "location": "line 5",
    }
    assert report["digest"] == hashlib.sha256(REPORT.encode()).hexdigest()
    assert submissions(student, assigned) == []


def test_confirmed_answers_become_submission_with_document_receipt(student, assigned):
    report = create_report(student, assigned)
    [item] = confirm(student, report, certain=True)
    statuses = [result["status"] for result in item["submission"]["results"]]
    assert statuses == ["correct", "correct", "needs_review"]
    receipt = item["submission"]["receipt"]
    assert receipt["document"] == report["digest"]
    proof = student.get(f"/receipts/{receipt['id']}").json()
    assert (proof["valid"], proof["document"]) == (True, report["digest"])
    again = student.get(report_path(report)).json()
    assert {part["submission"] for part in again["parts"]} == {receipt["id"]}


def test_receipt_with_changed_document_digest_is_invalid(world, student, assigned):
    report = create_report(student, assigned)
    [item] = confirm(student, report, certain=True)
    with world.session() as session:
        session.get_one(Report, UUID(report["id"])).digest = "1" * 64
    assert not student.get(f"/receipts/{item['submission']['id']}").json()["valid"]


def test_confirming_answers_counts_like_typing_them(world, course, student, assigned):
    other = world.enrol(course, "Ty Ping")
    answers = {"cells": "8", "doubled": "16", "why": "Fewer parameters."}
    report = create_report(student, assigned, REPORT.replace(": 9", ": 8").replace(": 18", ": 16"))
    [item] = confirm(student, report, ("cells", 0), ("doubled", 0), ("why", answers["why"]))
    typed = other.submit(assigned, answers).json()
    for field in ("results", "standing", "late_credit", "messages"):
        assert item["submission"][field] == typed[field]


def test_confirmed_answer_earns_reduced_credit_of_later_attempt(world, course, student):
    [assigned] = world.assignment(course, TEXT_PROBLEM, by_attempt=["1", "1/4"])
    student.submit(assigned, {"cells": "8"})
    [item] = confirm(student, create_report(student, assigned), ("cells", 0))
    assert item["submission"]["standing"]["score"] == 0.5
    assert item["submission"]["results"][0]["status"] == "correct"


def test_repeated_confirmation_creates_one_submission(student, assigned):
    report = create_report(student, assigned)
    first, second = (confirm(student, report, ("cells", 0)) for _ in range(2))
    assert first == second
    assert len(submissions(student, assigned)) == 1
    assert len(confirm(student, report, certain=True)[0]["submission"]["results"]) == 2


def test_answer_can_be_corrected_by_other_passage_or_typing(world, student, assigned):
    report = create_report(
        student, assigned, REPORT.replace("How many cells: 9", "Cells: 9\n\nCells: 18")
    )
    cells = report["parts"][0]
    assert (cells["confidence"], cells["doubt"]) == ("doubtful", "another passage fits as well")
    other = [passage["quote"] for passage in cells["passages"]].index("Cells: 18")
    [item] = confirm(student, report, ("cells", other), ("doubled", "36"))
    assert [result["read_as"] for result in item["submission"]["results"]] == ["18", "36"]
    with world.session() as session:
        rows = session.scalars(select(ReportAnswer).order_by(ReportAnswer.part)).all()
        assert [(row.part, row.quote, row.location) for row in rows] == [
            ("cells", "Cells: 18", "line 7"),
            ("doubled", "", ""),
        ]


def test_unreadable_confirmed_answer_costs_nothing_and_can_be_retried(student, assigned):
    report = create_report(student, assigned)
    [item] = confirm(student, report, ("cells", "9 or so, 10?"))
    [result] = item["submission"]["results"]
    assert (result["status"], result["attempt"]) == ("unreadable", None)
    [item] = confirm(student, report, certain=True)
    assert item["submission"]["results"][0]["status"] == "correct"


def test_attempts_and_deadlines_apply_without_blocking_other_problems(world, course):
    student = world.enrol(course)
    first, second = world.assignment(
        course, TEXT_PROBLEM, OTHER_PROBLEM, attempts=1, timeline_spec=DUE_TOMORROW
    )
    report = create_report(
        student, first, f"{REPORT}\n## 2. Large kernels\n\n(a) How many cells: 9\n"
    )
    first_answers = {"problem": first.slug, "part": "cells", "answer": "8"}
    assert confirm_raw(student, report, first_answers)[0]["error"] is None
    both = confirm_raw(
        student,
        report,
        first_answers | {"answer": "9"},
        {"problem": second.slug, "part": "cells", "answer": "9"},
    )
    assert [item["error"] and item["error"]["code"] for item in both] == [
        "attempts_exhausted",
        None,
    ]
    world.clock.advance(days=8)
    late = confirm_raw(student, report, {**first_answers, "part": "doubled"})
    assert late[0]["error"]["code"] == "deadline_passed"


def confirm_raw(person, report, *answers):
    done = person.post(f"{report_path(report)}/confirm", {"answers": list(answers)})
    assert done.status_code == 200, done.text
    return done.json()["items"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"part": "cells", "passage": 99}, "does not have"),
        ({"part": "cells"}, "either a passage or an answer"),
        ({"part": "cells", "passage": 0, "answer": "9"}, "either a passage or an answer"),
        ({"part": "cells", "answer": "  "}, "empty"),
        ({"part": "none", "passage": 0}, "names no part"),
    ],
)
def test_invalid_confirmation_is_rejected_and_submits_nothing(student, assigned, answer, message):
    report = create_report(student, assigned)
    body = {"certain": True, "answers": [{"problem": assigned.slug, **answer}]}
    refused = student.post(f"{report_path(report)}/confirm", body)
    assert refused.status_code == 422
    assert message in refused.json()["detail"]
    assert submissions(student, assigned) == []
    assert student.post(f"{report_path(report)}/confirm", {}).status_code == 422


@pytest.mark.parametrize(
    ("document", "name", "message"),
    [
        (b"\xff\xff\xff", "a.md", "UTF-8"),
        (b"%PNG", "a.png", ".ipynb"),
        (b"{}", "a.ipynb", "not a Jupyter notebook"),
        (b"PK nothing", "a.docx", "not a Word document"),
        (b"\xd0\xcf\x11\xe0 secret", "a.docx", OLD_WORD),
        (b"   \n", "a.txt", "no text"),
        (b"", "a.md", "empty"),
        (b"a" * (storage.MAX_REPORT_BYTES + 1), "a.md", "5 MiB"),
    ],
    ids=["bytes", "picture", "json", "zip", "password", "blank", "empty", "large"],
)
def test_unreadable_file_is_refused_with_instructions(student, assigned, document, name, message):
    refused = upload_report(student, assigned, document, name)
    assert refused.status_code == 422
    assert message in refused.json()["detail"]
    assert student.get(f"/assignments/{assigned.assignment}/reports").json()["items"] == []


def test_characters_unsupported_by_database_are_replaced(student, assigned):
    cell = '{"cell_type": "markdown", "source": "(a) How many cells\\u0000 \\ud800: 9"}'
    report = create_report(student, assigned, f'{{"cells": [{cell}]}}', "a.ipynb")
    assert confirm(student, report, ("cells", 0))[0]["error"] is None


def test_word_files_are_read_and_stored_unchanged(student, assigned):
    document = from_lines(REPORT)
    report = create_report(student, assigned, document, "C:\\work\\my report.docx")
    assert report["file_name"] == "my report.docx"
    answer = student.get(f"{report_path(report)}/document")
    assert answer.content == document
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''my%20report.docx"
    assert answer.headers["content-type"] == "application/octet-stream"


def test_report_is_visible_only_to_its_student(world, course, student, assigned):
    report, classmate = create_report(student, assigned), world.enrol(course, "Class Mate")
    for path in (report_path(report), f"{report_path(report)}/document"):
        assert classmate.get(path).status_code == 404
    body = {"certain": True}
    assert classmate.post(f"{report_path(report)}/confirm", body).status_code == 404


def test_daily_document_budget_is_enforced(database_url):
    world = World(database_url, settings={"report_mebibytes_per_day": 1})
    course = world.course()
    student, [assigned] = world.enrol(course), world.assignment(course)
    large = REPORT + "x" * 700_000
    create_report(student, assigned, large)
    refused = upload_report(student, assigned, large)
    assert (refused.status_code, refused.json()["code"]) == (429, "report_budget")
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    create_report(student, assigned)
    world.clock.advance(days=1, seconds=1)
    create_report(student, assigned, large)
    world.close()


def test_readings_count_against_daily_text_storage_budget(database_url):
    world = World(database_url, settings={"stored_mebibytes_per_day": 1})
    course = world.course()
    student, [assigned] = world.enrol(course), world.assignment(course, TEXT_PROBLEM)
    words = "\N{MATHEMATICAL BOLD SMALL A}" * 8 + " parameters "
    for number in range(45):
        world.clock.advance(minutes=2)  # 30 reports are read in an hour
        answer = upload_report(
            student, assigned, REPORT.replace("fewer", f"{number} {words * 850}")
        )
        if answer.status_code != 201:
            break
    assert answer.status_code == 429
    assert answer.json()["code"] == "storage_budget"
    assert int(answer.headers["Retry-After"]) > 0
    with world.session() as session:
        readings = session.scalars(select(Report.reading)).all()
    assert len(readings) == number
    stored = sum(measure_reading(one["parts"]) for one in readings)
    assert 0.9 * MEBIBYTE < stored < 1.15 * MEBIBYTE
    assert student.submit(assigned, {"cells": "9"}).json()["code"] == "storage_budget"
    world.clock.advance(days=1)
    assert upload_report(student, assigned).status_code == 201
    world.close()


def test_quotes_of_confirmed_answers_count_against_budget(student, assigned, monkeypatch):
    sizes = []
    monkeypatch.setattr(LeakyBucketLimiter, "add", lambda _, __, amount: sizes.append(amount))
    report = create_report(student, assigned)
    confirm(student, report, ("cells", 0))
    student.submit(assigned, {"cells": "9"})
    *_, confirmed, typed = sizes
    assert confirmed - typed >= len(report["parts"][0]["passages"][0]["quote"])


def test_only_last_replies_of_many_confirmations_are_loaded(world, student, assigned):
    report = create_report(student, assigned)
    last = [confirm(student, report, ("cells", f"9 or {i}?"), ("doubled", 0)) for i in range(4)][-1]
    with world.db.reading() as session:
        [row] = session.scalars(select(Report))
        engine, loaded = session.get_bind(), []

        def note(_connection, _cursor, statement, parameters, *_):
            if "reply" in statement:
                loaded.append(len(parameters))

        event.listen(engine, "before_cursor_execute", note)
        found = load_confirmations(session, row)
        event.remove(engine, "before_cursor_execute", note)
    assert loaded == [1]
    submission = UUID(last[0]["submission"]["id"])
    assert {part: (one.submission, one.status) for (_, part), one in found.items()} == {
        "cells": (submission, "unreadable"),
        "doubled": (submission, "correct"),
    }


def test_reading_size_is_limited(world, student, assigned, monkeypatch):
    two = REPORT.replace("How many cells: 9", "Cells: 9\n\nCells: 18")
    report = create_report(student, assigned, two)
    assert len(report["parts"][0]["passages"]) > 1
    with world.session() as session:
        reading = session.get_one(Report, UUID(report["id"])).reading
    monkeypatch.setattr(reading_job, "MAX_READING_BYTES", measure_reading(reading["parts"]) - 1)
    parts = create_report(student, assigned, two)["parts"]
    assert [len(part["passages"]) for part in parts] == [1, 1, 1]
    monkeypatch.setattr(reading_job, "MAX_READING_BYTES", 500)
    refused = upload_report(student, assigned, two)
    assert (refused.status_code, "too long" in refused.text) == (422, True)


def test_each_problem_in_confirmation_counts_as_submission(database_url):
    world = World(database_url, settings={"submissions_per_minute": 2})
    course = world.course()
    student = world.enrol(course)
    problems = world.assignment(
        course, TEXT_PROBLEM, OTHER_PROBLEM, TEXT_PROBLEM.replace("why-small", "why-odd")
    )
    report = create_report(student, problems[0])
    answers = [{"problem": assigned.slug, "part": "cells", "answer": "9"} for assigned in problems]
    items = confirm_raw(student, report, *answers)
    assert [item["error"] and item["error"]["code"] for item in items] == [
        None,
        None,
        "rate_limited",
    ]
    world.close()


def test_document_expires_but_its_answers_stay(world, student, assigned):
    report = create_report(student, assigned)
    [item] = confirm(student, report, certain=True)
    world.service.expiry_runner.run_once()
    assert student.get(report_path(report)).json()["has_document"]
    world.clock.advance(days=world.service.settings.report_days + 1)
    world.service.expiry_runner.run_once()
    old = student.get(report_path(report)).json()
    assert (old["has_document"], old["digest"]) == (False, report["digest"])
    gone = student.get(f"{report_path(report)}/document")
    assert (gone.status_code, gone.json()["detail"]) == (404, storage.DELETED_MESSAGE)
    assert student.get(f"/receipts/{item['submission']['id']}").json()["valid"]


def test_expired_documents_are_deleted_in_small_batches(world, student, assigned, monkeypatch):
    monkeypatch.setattr(expiry_runner, "MAX_FILES_PER_TRANSACTION", 1)
    reports = [create_report(student, assigned) for _ in range(2)]
    world.clock.advance(days=world.service.settings.report_days + 1)
    runner = world.service.expiry_runner
    pauses = [runner.run_once() for _ in range(3)]
    assert pauses == [expiry_runner.PAUSE_SECONDS] * 2 + [expiry_runner.EXPIRY_INTERVAL_SECONDS]
    assert not any(student.get(report_path(one)).json()["has_document"] for one in reports)


def test_report_for_old_numbers_cannot_answer_new_numbers(world, course):
    student = world.enrol(course)
    [assigned] = world.assignment(course, variants="each_after", new_after=1, attempts=3)
    report = create_report(student, assigned)
    before = student.get(assigned.path).json()["numbers"]
    student.submit(assigned, {"cells": "1"})
    while student.get(assigned.path).json()["numbers"] == before:
        assert student.post(f"{assigned.path}/variant").status_code == 201
        student.submit(assigned, {"cells": "1"})
    [item] = confirm(student, report, ("doubled", 0))
    assert item["error"]["code"] == "conflict"
    assert item["error"]["detail"] == NUMBERS_CHANGED_MESSAGE


def test_sheet_labels_match_answers_in_another_order(world, course):
    student = world.enrol(course)
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    [assigned] = world.assignment(course)
    path = f"/assignments/{assigned.assignment}/problems/{assigned.slug}"
    patch = {"labels": "2(c), 2(b), 2(a)"}
    assert teacher.patch(path, patch, headers={"If-Match": "*"}).status_code == 200
    report = create_report(student, assigned, "2.\n\n(a) It is good.\n\n(b) 18\n\n(c) 9\n")
    found = {part["part"]: part["passages"][0]["read_as"] for part in report["parts"]}
    assert (found["cells"], found["doubled"]) == ("9", "18")
    assert {part["confidence"] for part in report["parts"]} == {"certain"}


@pytest.mark.parametrize("labels", ["two", "1(a), 1(b)", "1, 2, 3, 4", ""])
def test_invalid_labels_are_rejected(world, course, labels):
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    [assigned] = world.assignment(course)
    path = f"/assignments/{assigned.assignment}/problems/{assigned.slug}"
    refused = teacher.patch(path, {"labels": labels}, headers={"If-Match": "*"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "labels"


def test_template_has_student_numbers_and_is_read_exactly(world, course):
    student = world.enrol(course)
    [assigned] = world.assignment(course, variants="each")
    size = student.get(assigned.path).json()["numbers"][0]["text"]
    for form, ending in (("md", ".md"), ("tex", ".tex"), ("ipynb", ".ipynb")):
        path = f"/assignments/{assigned.assignment}/report-template"
        template = student.get(path, params={"form": form})
        assert template.status_code == 200
        assert f"kernel of size {size}" in template.text
        mark = "answer why-small-kernels.cells"
        assert template.text.count(mark) == 1
        end = {"md": " -->\n", "tex": "\n", "ipynb": ' -->\\n"'}[form]
        filled = {"ipynb": f' -->\\n", "{int(size) ** 2}\\n"'}.get(form, f"{end}{int(size) ** 2}\n")
        text = template.text.replace(f"{mark}{end}", f"{mark}{filled}")
        report = create_report(student, assigned, text, f"report{ending}")
        found = {part["part"]: part for part in report["parts"]}
        assert found["cells"]["passages"][0]["read_as"] == str(int(size) ** 2)
        assert [part["confidence"] for part in report["parts"]] == ["certain", "missing", "missing"]


def test_staff_can_submit_reports_only_as_test_student(world, course, assigned):
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    refused = upload_report(teacher, assigned)
    assert (refused.status_code, "test student" in refused.json()["detail"]) == (403, True)
    assert teacher.post(f"/courses/{course}/test-student").status_code in {200, 201}
    test = {"X-View-As": "test"}
    report = create_report(teacher, assigned, **test)
    [item] = confirm(teacher, report, certain=True, **test)
    assert item["error"] is None


def test_report_upload_before_release_returns_404(world, course, student):
    [assigned] = world.assignment(course, timeline_spec={"release": "2027-01-01 12:00"})
    assert upload_report(student, assigned).status_code == 404
    assert student.get(f"/assignments/{assigned.assignment}/reports").status_code == 404


def test_regrade_of_confirmed_answer_keeps_passage_and_receipt(world, course, student):
    [assigned] = world.assignment(course)
    report = create_report(student, assigned)
    [item] = confirm(student, report, certain=True)
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    run = run_dry_run(world, teacher, assigned)
    assert run_action(world, teacher, run, "apply")["status"] == "applied"
    submission = item["submission"]["id"]
    assert student.get(f"/receipts/{submission}").json()["valid"]
    results = teacher.get(f"/submissions/{submission}").json()["results"]
    assert results[0]["quote"]["text"] == "How many cells: 9"
    assert results[0]["status"] != "correct"
