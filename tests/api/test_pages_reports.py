"""Tests of the pages of reports: upload, compare, correct and confirm, without scripts."""

import pytest
from pages import Browser
from uploads import REPORT, confirm, create_report
from world import TEXT_PROBLEM


@pytest.fixture
def posed(world, course):
    [posed] = world.assignment(course, TEXT_PROBLEM)
    return posed


@pytest.fixture
def browser(world, student):
    return Browser(world, student)


def send_file(browser, posed, document=REPORT, name="report.md"):
    files = {"file": (name, document.encode())}
    return browser.post(f"/assignments/{posed.assignment}/reports", files=files)


def open_report(browser, posed, document=REPORT):
    answer = send_file(browser, posed, document)
    assert answer.status == 303, answer.text
    return browser.get(answer.location)


def form_of(page):
    return page.one("form", id="answers")


def test_a_student_finds_the_pages_from_the_assignment(browser, posed):
    page = browser.get(f"/assignments/{posed.assignment}")
    upload = browser.get(page.one("a", text="Submit a report")["href"])
    assert "You have not uploaded a report yet" in upload.text
    assert page.one("a", text="Problem sheet to print")["href"].endswith("/sheet")


def test_the_table_has_part_passage_reading_and_confidence(browser, posed):
    page = open_report(browser, posed)
    header, *rows = page.one("table").rows()
    assert header == ["Part", "Passage", "Read as", "Confidence"]
    assert rows[0] == ["1(a) Cells", "How many cells: 9", "9", "certain"]
    assert [row[3] for row in rows] == ["certain"] * 3
    marked = page.one("section", id="part-0").one("mark")
    assert marked.text == "9"
    assert "line 5" in page.one("section", id="part-0").text


def test_all_certain_answers_are_confirmed_with_one_button(browser, student, posed):
    page = open_report(browser, posed)
    done = browser.send(form_of(page), "act=certain")
    assert done.status == 303
    after = browser.get(done.location)
    assert "Answers submitted." in after.text
    assert "You have submitted all parts of this report" in after.text
    [submission] = student.get(f"{posed.path}/submissions").json()["items"]
    assert [result["typed"] for result in submission["results"]][:2] == ["9", "18"]
    receipt = after.one("section", id="part-0").one("a", text="receipt")
    assert "Digest of the report" in browser.get(receipt["href"]).text


def test_one_answer_is_confirmed_and_the_others_wait(browser, student, posed):
    page = open_report(browser, posed)
    done = browser.send(form_of(page), "act=part-1")
    after = browser.get(done.location)
    assert [row[3] for row in after.one("table").rows()[1:]] == ["certain", "submitted", "certain"]
    [submission] = student.get(f"{posed.path}/submissions").json()["items"]
    assert [result["part"] for result in submission["results"]] == ["doubled"]


def test_a_missing_part_is_listed_and_typed_and_first_shown_as_it_is_read(browser, posed):
    page = open_report(browser, posed, "1. Small kernels\n\n(a) How many cells: 9\n")
    assert page.one("p", has="note-mid").text == "1 part is missing: 1(b) Doubled"
    typed = {"choice-1": "typed", "typed-1": "2 * 9"}
    shown = browser.send(form_of(page), "act=read", **typed)
    assert (shown.status, "Read as 18" in shown.one("section", id="part-1").text) == (200, True)
    wrong = browser.send(form_of(page), "act=read", **(typed | {"typed-1": "2,5"}))
    assert "Read as" not in wrong.one("section", id="part-1").one("p", has="hint").text
    done = browser.send(form_of(shown), "act=part-1")
    assert browser.get(done.location).one("section", id="part-1").one("span", text="submitted")


def test_nothing_chosen_is_refused_and_what_was_typed_stays(browser, posed):
    page = open_report(browser, posed, "1. Small kernels\n\n(a) How many cells: 9\n")
    refused = browser.send(
        form_of(page), "act=part-2", **{"choice-2": "typed", "typed-2": " ", "typed-1": "17"}
    )
    assert refused.status == 422
    assert "Choose a passage or type an answer first" in refused.text
    assert refused.one("textarea", id="typed-1").text == "17"


def test_a_refused_problem_says_why_and_keeps_the_form(world, course, browser):
    [posed] = world.assignment(course, attempts=1)
    page = open_report(browser, posed)
    browser.send(form_of(page), "act=part-0")
    [other] = [open_report(browser, posed, REPORT.replace(": 9", ": 8"))]
    refused = browser.send(form_of(other), "act=part-0")
    assert refused.status == 409
    assert "Some answers were not submitted" in refused.text
    assert "attempt" in refused.one("div", role="alert").text


@pytest.mark.parametrize(
    ("name", "document", "message"),
    [("a.pages", "1", "save it as one of"), ("a.ipynb", "[", "no Jupyter notebook")],
)
def test_a_file_that_is_not_read_is_refused_on_the_page(browser, posed, name, document, message):
    refused = send_file(browser, posed, document, name)
    assert refused.status == 422
    assert message in refused.one("div", role="alert").text
    empty = browser.post(f"/assignments/{posed.assignment}/reports", files={"other": ("a", b"")})
    assert (empty.status, "choose your report" in empty.text) == (422, True)


def test_a_hostile_document_is_text_on_the_page(browser, posed):
    attack = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    text = f"1. Small kernels\n\n(a) How many cells: 9 {attack}\n\n(c) Why: {attack}\n"
    answer = send_file(browser, posed, text, '"><script>alert(3)<.md')
    page = browser.get(answer.location)
    assert "alert" in page.text
    assert not page.all("img")
    assert not [script for script in page.all("script") if "alert" in script.text]


def test_the_sheet_has_the_labels_and_numbers_of_the_student(world, course, browser):
    [posed] = world.assignment(course, variants="each")
    page = browser.get(f"/assignments/{posed.assignment}/sheet")
    assert [heading.text for heading in page.all("h3")] == [
        "1(a) Cells",
        "1(b) Doubled",
        "1(c) Why",
    ]
    problem = browser.get(f"/assignments/{posed.assignment}/problems/{posed.slug}")
    assert page.one("div", has="statement").text == problem.one("div", has="statement").text
    template = browser.get(page.one("a", text="Markdown")["href"])
    assert template.status == 200


def test_staff_see_the_passage_beside_the_answer(world, course, student, posed):
    report = create_report(student, posed)
    [item] = confirm(student, report, certain=True)
    teacher = Browser(world, world.enrol(course, "Tea Cher", role="instructor"))
    page = teacher.get(f"/submissions/{item['submission']['id']}")
    quotes = [quote.text for quote in page.all("blockquote")]
    assert quotes[0] == "How many cells: 9 line 5 of the report"
    document = teacher.get(page.all("a", text="the report")[0]["href"])
    assert document.status == 200


def test_in_anonymous_grading_staff_see_the_passage_alone(world, course, student):
    [posed] = world.assignment(course, anonymous=True)
    report = create_report(student, posed, name="Stu Dent homework.md")
    [item] = confirm(student, report, certain=True)
    grader = world.enrol(course, "Gra Der", role="grader")
    outcome = grader.get(f"/submissions/{item['submission']['id']}").json()
    quote = outcome["results"][0]["quote"]
    assert quote == {"text": "How many cells: 9", "location": None, "report": None}
    assert grader.get(f"/receipts/{item['submission']['id']}").json()["document"] is None
    path = f"/assignments/{posed.assignment}/reports/{report['id']}"
    assert grader.get(f"{path}/document").status_code == 403
    assert grader.get(path).status_code == 404
    page = Browser(world, grader).get(f"/submissions/{item['submission']['id']}")
    assert "How many cells: 9" in page.text
    for secret in ("Stu Dent", report["id"], report["digest"], "homework.md"):
        assert secret not in page.text
    queue = grader.get(f"/assignments/{posed.assignment}/review/{posed.slug}/why").json()
    answer = queue["items"][0]["answer"]
    review = grader.get(f"/answers/{answer}/review").json()
    assert (review["quote"]["report"], review["quote"]["location"]) == (None, None)
    assert "fewer parameters" in Browser(world, grader).get(f"/answers/{answer}/review").text


def test_the_account_export_has_the_document_and_an_erasure_deletes_it(world, student, posed):
    report = create_report(student, posed)
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
