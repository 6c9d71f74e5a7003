"""Tests of the pages of reports: upload, compare, correct and confirm, without scripts."""

from datetime import datetime, timedelta

import pytest
from pages import Browser
from uploads import REPORT, confirm, create_report
from world import TEXT_PROBLEM

from api.db.models import User
from api.pages.student.reports import NOTHING_CHOSEN
from api.services.submissions.replies import LATE_CREDIT_MESSAGE


@pytest.fixture
def assigned(world, course):
    [assigned] = world.assignment(course, TEXT_PROBLEM)
    return assigned


@pytest.fixture
def browser(world, student):
    return Browser(world, student)


def send_file(browser, assigned, document=REPORT, name="report.md"):
    files = {"file": (name, document.encode())}
    return browser.post(f"/assignments/{assigned.assignment}/reports", files=files)


def open_report(browser, assigned, document=REPORT):
    answer = send_file(browser, assigned, document)
    assert answer.status == 303, answer.text
    return browser.get(answer.location)


def form_of(page):
    return page.one("form", id="answers")


def test_assignment_page_links_to_report_upload_and_sheet(browser, assigned):
    page = browser.get(f"/assignments/{assigned.assignment}")
    upload = browser.get(page.one("a", text="Submit a report")["href"])
    assert "You have not uploaded a report yet" in upload.text
    assert page.one("a", text="Problem sheet to print")["href"].endswith("/sheet")


def test_report_table_shows_part_passage_reading_and_confidence(browser, assigned):
    page = open_report(browser, assigned)
    header, *rows = page.one("table").rows()
    assert header == ["Part", "Passage", "Read as", "Confidence"]
    assert [rows[0][2], rows[2][2]] == ["9", "text"]
    assert all(row[3].startswith("certain") for row in rows)
    marked = page.one("tr", id="part-0").one("mark")
    assert marked.text == "9"
    assert "line 5" in page.one("tr", id="part-0").text


def test_one_button_confirms_all_certain_answers(browser, student, assigned):
    page = open_report(browser, assigned)
    done = browser.send(form_of(page), "act=certain")
    assert done.status == 303
    after = browser.get(done.location)
    assert "Answers submitted." in after.text
    assert "You have submitted all parts of this report" in after.text
    [submission] = student.get(f"{assigned.path}/submissions").json()["items"]
    assert [result["typed"] for result in submission["results"]][:2] == ["9", "18"]
    receipt = after.one("tr", id="part-0").one("a", text="receipt")
    assert "Digest of the report" in browser.get(receipt["href"]).text


def test_single_answer_can_be_confirmed(browser, student, assigned):
    page = open_report(browser, assigned)
    done = browser.send(form_of(page), "act=part-1")
    after = browser.get(done.location)
    flags = [after.one("tr", id=f"part-{index}").one("span", has="flag") for index in range(3)]
    assert [flag.text for flag in flags] == ["certain", "submitted", "certain"]
    [submission] = student.get(f"{assigned.path}/submissions").json()["items"]
    assert [result["part"] for result in submission["results"]] == ["doubled"]


def test_missing_part_is_typed_previewed_and_submitted(browser, assigned):
    page = open_report(browser, assigned, "1. Small kernels\n\n(a) How many cells: 9\n")
    assert page.one("p", has="note-mid").text == "1 part is missing: 1(b) Doubled"
    typed = {"choice-1": "typed", "typed-1": "2 * 9"}
    shown = browser.send(form_of(page), "act=read", **typed)
    assert (shown.status, shown.one("table").rows()[2][2]) == (200, "18")
    wrong = browser.send(form_of(page), "act=read", **(typed | {"typed-1": "2,5"}))
    assert wrong.one("table").rows()[2][2] == "cannot be read"
    done = browser.send(form_of(shown), "act=part-1")
    assert browser.get(done.location).one("tr", id="part-1").one("span", text="submitted")


MISSING_TWO = "1. Small kernels\n\n(a) How many cells: 9\n"
"""Report without answers to the second and the third part."""


@pytest.mark.parametrize(
    ("document", "index"), [(REPORT, 0), (MISSING_TWO, 1)], ids=["certain", "missing"]
)
def test_typed_answer_replaces_passage_without_change_of_list(
    browser, student, assigned, document, index
):
    page = open_report(browser, assigned, document)
    typed = {f"typed-{index}": "2 * 5"}
    shown = browser.send(form_of(page), "act=read", **typed)
    assert shown.one("table").rows()[index + 1][2] == "10"
    done = browser.send(form_of(page), f"act=part-{index}", **typed)
    assert done.status == 303
    [submission] = student.get(f"{assigned.path}/submissions").json()["items"]
    assert [result["typed"] for result in submission["results"]] == ["2 * 5"]


def test_table_shows_submitted_answer_of_confirmed_part(browser, student, assigned):
    document = REPORT.replace("How many cells: 9", "Cells: 9\n\nCells: 18")
    report = create_report(student, assigned, document)
    texts = [passage["text"] for passage in report["parts"][0]["passages"]]
    confirm(student, report, ("cells", texts.index("18")), ("doubled", [[2, 3]]))
    confirm(student, report, ("doubled", "2 * 10"))
    page = browser.get(f"/assignments/{assigned.assignment}/reports/{report['id']}")
    rows = page.one("table").rows()
    assert [row[1:3] for row in rows[1:3]] == [["18", "18"], ["2 * 10", "20"]]
    stored = student.get(f"/assignments/{assigned.assignment}/reports/{report['id']}").json()
    told = [(part["answer"], part["read_as"]) for part in stored["parts"]]
    assert told == [("18", "18"), ("2 * 10", "20"), (None, None)]


def test_certain_answers_are_confirmed_with_their_typed_corrections(browser, student, assigned):
    page = open_report(browser, assigned)
    browser.send(form_of(page), "act=certain", **{"typed-1": "17"})
    [submission] = student.get(f"{assigned.path}/submissions").json()["items"]
    assert [result["typed"] for result in submission["results"]][:2] == ["9", "17"]


def test_only_missing_part_has_open_field_to_type(browser, assigned):
    report = open_report(browser, assigned, MISSING_TWO)
    fields = [report.one("tr", id=f"part-{index}").one("details") for index in range(2)]
    assert ["open" in field.attributes for field in fields] == [False, True]


def test_confirming_without_choice_is_rejected_and_input_is_kept(browser, assigned):
    page = open_report(browser, assigned, "1. Small kernels\n\n(a) How many cells: 9\n")
    refused = browser.send(
        form_of(page), "act=part-2", **{"choice-2": "typed", "typed-2": " ", "typed-1": "17"}
    )
    assert refused.status == 422
    assert NOTHING_CHOSEN in refused.text
    assert refused.one("textarea", id="typed-1").text == "17"


@pytest.mark.parametrize("act", ["part-0", "certain"])
def test_confirming_one_answer_keeps_input_for_others(browser, student, assigned, act):
    page = open_report(browser, assigned, MISSING_TWO)
    done = browser.send(form_of(page), f"act={act}", **{"typed-1": "2 * 9"})
    assert done.status == 200
    assert done.one("p", has="note-good")
    assert done.one("tr", id="part-0").one("span", text="submitted")
    assert done.one("textarea", id="typed-1").text == "2 * 9"
    assert len(student.get(f"{assigned.path}/submissions").json()["items"]) == 1
    last = browser.send(form_of(done), "act=part-1")
    assert last.status == 303
    assert browser.get(last.location).one("tr", id="part-1").one("span", text="submitted")
    assert len(student.get(f"{assigned.path}/submissions").json()["items"]) == 2


def test_refused_report_answer_shows_reason(world, course, browser):
    [assigned] = world.assignment(course, attempts=1)
    page = open_report(browser, assigned)
    browser.send(form_of(page), "act=part-0")
    [other] = [open_report(browser, assigned, REPORT.replace(": 9", ": 8"))]
    refused = browser.send(form_of(other), "act=part-0")
    assert refused.status == 409
    assert "Some answers were not submitted" in refused.text
    assert "attempt" in refused.one("div", role="alert").text


@pytest.mark.parametrize(
    ("name", "document", "message"),
    [("a.pages", "1", "save it as one of"), ("a.ipynb", "[", "not a Jupyter notebook")],
)
def test_unreadable_report_is_rejected_with_message(browser, assigned, name, document, message):
    refused = send_file(browser, assigned, document, name)
    assert refused.status == 422
    assert message in refused.one("div", role="alert").text
    empty = browser.post(f"/assignments/{assigned.assignment}/reports", files={"other": ("a", b"")})
    assert (empty.status, "choose your report" in empty.text) == (422, True)


def test_report_content_is_escaped(browser, assigned):
    attack = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    text = f"1. Small kernels\n\n(a) How many cells: 9 {attack}\n\n(c) Why: {attack}\n"
    answer = send_file(browser, assigned, text, '"><script>alert(3)<.md')
    page = browser.get(answer.location)
    assert "alert" in page.text
    assert not page.all("img")
    assert not [script for script in page.all("script") if "alert" in script.text]


def test_problem_sheet_has_part_labels_and_own_numbers(world, course, browser):
    [assigned] = world.assignment(course, variants="each")
    page = browser.get(f"/assignments/{assigned.assignment}/sheet")
    assert [heading.text for heading in page.all("h3")] == [
        "1(a) Cells",
        "1(b) Doubled",
        "1(c) Why",
    ]
    problem = browser.get(f"/assignments/{assigned.assignment}/problems/{assigned.slug}")
    assert page.one("div", has="statement").text == problem.one("div", has="statement").text
    template = browser.get(page.one("a", text="Markdown")["href"])
    assert template.status == 200


def test_report_pages_state_due_time_and_late_credit_before_and_after_confirming(
    world, course, student, browser
):
    late = [{"days": 1, "credit": "90%"}, {"days": 2, "credit": "50%"}]
    times = {"due": "2026-11-27 23:59", "late": late, "late_days": 0}
    [assigned] = world.assignment(course, timeline_spec=times)
    page = open_report(browser, assigned)
    paths = page.path, f"/assignments/{assigned.assignment}/reports"
    due = student.get(f"/assignments/{assigned.assignment}").json()["times"]["due"]["at"]
    for path in paths:
        shown = browser.get(path)
        assert shown.all("p", text="Due ")
        assert not shown.all("p", has="note-mid")
    world.clock.now = datetime.fromisoformat(due) + timedelta(hours=1)
    browser = Browser(world, student)
    for path in paths:
        shown = browser.get(path)
        assert shown.all("p", text="Was due")
        assert shown.one("p", has="note-mid", text="90")
    done = browser.get(browser.send(form_of(browser.get(page.path)), "act=certain").location)
    sections = [done.one("tr", id=f"part-{index}") for index in range(3)]
    messages = [[note.text for note in section.all("p", has="note")] for section in sections]
    assert LATE_CREDIT_MESSAGE.format(90) in messages[0]
    assert messages[1:] == [[], []]


def test_report_pages_state_lateness_by_the_rule_of_the_problem_page(world, course, student):
    late = [{"days": 2, "credit": "50%"}]
    times = {"due": "2026-11-01 23:59", "late": late, "late_days": 0}
    [assigned] = world.assignment(course, timeline_spec=times)
    report = create_report(student, assigned)
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    path = f"/assignments/{assigned.assignment}"
    paths = [assigned.path, f"{path}/reports", f"{path}/reports/{report['id']}"]

    def notes():
        browser = Browser(world, student)
        return [[note.text for note in browser.get(one).all("p", has="note")] for one in paths]

    world.clock.now = datetime.fromisoformat("2026-11-02T12:00:00+00:00")
    problem, *pages = notes()
    assert all(problem[0] in texts for texts in pages)
    assert "50" in problem[0]
    body = {
        "assignment": str(assigned.assignment),
        "student": str(student.id),
        "grants": {"days": 3, "reason": "ill"},
    }
    granted = teacher.post(f"/courses/{course}/extensions", body)
    assert granted.status_code < 300, granted.text
    assert not [text for texts in notes() for text in texts if "50" in text]
    world.clock.now = datetime.fromisoformat("2026-11-06T12:00:00+00:00")
    excused = teacher.post(f"{path}/excuses", {"student": str(student.id), "reason": "ill"})
    assert excused.status_code < 300, excused.text
    problem, *pages = notes()
    assert all(problem[0] in texts for texts in pages)
    assert not [text for texts in pages for text in texts if "50" in text]


def test_staff_see_report_passage_beside_answer(world, course, student, assigned):
    report = create_report(student, assigned)
    [item] = confirm(student, report, certain=True)
    teacher = Browser(world, world.enrol(course, "Tea Cher", role="instructor"))
    page = teacher.get(f"/submissions/{item['submission']['id']}")
    quotes = [quote.text for quote in page.all("blockquote")]
    assert quotes[0] == "How many cells: 9 line 5 of the report"
    document = teacher.get(page.all("a", text="the report")[0]["href"])
    assert document.status == 200


def test_anonymous_grading_shows_passage_without_document(world, course, student):
    [assigned] = world.assignment(course, anonymous=True)
    report = create_report(student, assigned, name="Stu Dent homework.md")
    [item] = confirm(student, report, certain=True)
    grader = world.enrol(course, "Gra Der", role="grader")
    outcome = grader.get(f"/submissions/{item['submission']['id']}").json()
    quote = outcome["results"][0]["quote"]
    assert quote == {"text": "9", "location": None, "report": None}
    assert grader.get(f"/receipts/{item['submission']['id']}").json()["document"] is None
    path = f"/assignments/{assigned.assignment}/reports/{report['id']}"
    assert grader.get(f"{path}/document").status_code == 403
    assert grader.get(path).status_code == 404
    page = Browser(world, grader).get(f"/submissions/{item['submission']['id']}")
    assert [one.text for one in page.all("blockquote")][:2] == ["9", "18"]
    for secret in ("Stu Dent", report["id"], report["digest"], "homework.md"):
        assert secret not in page.text
    queue = grader.get(f"/assignments/{assigned.assignment}/review/{assigned.slug}/why").json()
    answer = queue["items"][0]["answer"]
    review = grader.get(f"/answers/{answer}/review").json()
    assert (review["quote"]["report"], review["quote"]["location"]) == (None, None)
    assert "fewer parameters" in Browser(world, grader).get(f"/answers/{answer}/review").text


def test_anonymous_grading_hides_name_on_line_of_passage(world, course):
    [assigned] = world.assignment(course, anonymous=True)
    student = world.enrol(course, "Zoe Quist")
    report = create_report(student, assigned, REPORT.replace("How many", "Zoe Quist: How many"))
    [item] = confirm(student, report, ("cells", 0))
    grader = world.enrol(course, "Gra Der", role="grader")
    instructor = world.enrol(course, "Tea Cher", role="instructor")
    submission = f"/submissions/{item['submission']['id']}"
    [result] = instructor.get(submission).json()["results"]
    assert student.name in result["quote"]["text"]
    for path in (submission, f"/answers/{result['answer']}/review"):
        assert grader.get(path).status_code == 200
        assert student.name not in grader.get(path).text
        assert student.name not in Browser(world, grader).get(path).source


def test_anonymous_grading_masks_name_and_address_in_text(world, course):
    [assigned] = world.assignment(course, anonymous=True)
    student = world.enrol(course, "Zoe Quist")
    signed = "Name: Zoe\n\nSmall kernels have fewer parameters.\n\nQuist, Zoe zoe@uni.edu"
    with world.session() as session:
        session.get_one(User, student.id).email = "zoe@uni.edu"
    report = create_report(student, assigned)
    [item] = confirm(student, report, ("why", signed))
    grader = world.enrol(course, "Gra Der", role="grader")
    instructor = world.enrol(course, "Tea Cher", role="instructor")
    submission = f"/submissions/{item['submission']['id']}"
    [result] = instructor.get(submission).json()["results"]
    assert result["typed"] == signed
    queue = f"/assignments/{assigned.assignment}/review/{assigned.slug}/why"
    review = f"/answers/{result['answer']}/review"
    for path in (submission, review, queue):
        for source in (grader.get(path).text, Browser(world, grader).get(path).source):
            assert "parameters" in source
            assert [name for name in ("Zoe", "Quist", "zoe@uni.edu") if name in source] == []


def test_report_is_in_account_export_and_deleted_by_erasure(world, student, assigned):
    report = create_report(student, assigned)
    [item] = confirm(student, report, certain=True)
    exported = student.get("/me/export").json()["reports"]
    assert [one["digest"] for one in exported] == [report["digest"]]
    assert len(exported[0]["document"]) > len(REPORT)
    admin = world.person("Ad Min", admin=True)
    erased = admin.post(f"/users/{student.id}/erase", {"confirm": student.name})
    assert erased.status_code == 200, erased.text
    assert b"have fewer parameters" not in dump(world)
    receipt = admin.get(f"/receipts/{item['submission']['id']}").json()
    assert (receipt["valid"], receipt["document"]) == (True, None)


def dump(world):
    """Return the contents of all tables."""
    with world.db.reading() as session:
        tables = session.connection().dialect.get_table_names(session.connection())
        rows = [
            repr(row)
            for table in tables
            for row in session.connection().exec_driver_sql(f'SELECT * FROM "{table}"')  # noqa: S608
        ]
    return "\n".join(rows).encode()
