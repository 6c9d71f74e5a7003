"""Tests of attachments over REST: uploaded, replaced, submitted, shown to staff, deleted."""

import base64
import hashlib
from io import BytesIO

import pytest
from attachments import (
    WORDS,
    attachment_page_path,
    create_attachment,
    submit_with_attachment,
    upload_attachment,
)
from images import PRIVATE, pdf_of, photograph, plot
from PIL import Image
from sqlalchemy import func, select
from uploads import confirm, create_report

from api.db.models import AnswerAttachment, Attachment, AttachmentPage
from api.services.attachments import converter, limits, storage, submitted

NAME = "ada lovelace.jpg"


@pytest.fixture
def posed(world, course):
    [posed] = world.assignment(course, attachments=True)
    return posed


def test_an_image_is_stored_without_metadata_and_served_safely(student, posed):
    data = photograph()
    view = create_attachment(student, posed, data, name=NAME)
    assert (view["file_name"], view["digest"]) == (NAME, hashlib.sha256(data).hexdigest())
    assert view["pages"] == [{"number": 1, "media_type": "image/jpeg", "width": 200, "height": 320}]
    page = student.get(attachment_page_path(view))
    assert page.headers["content-type"] == "image/jpeg"
    assert page.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["content-disposition"] == 'inline; filename="attachment-1.jpeg"'
    assert "no-store" in page.headers["cache-control"]
    assert Image.open(BytesIO(page.content)).size == (200, 320)
    assert PRIVATE.encode() not in page.content


def test_every_page_of_a_pdf_is_an_image(student, posed):
    view = create_attachment(student, posed, pdf_of(pages=2))
    assert [page["number"] for page in view["pages"]] == [1, 2]
    assert student.get(attachment_page_path(view, 2)).headers["content-type"] == "image/png"
    assert student.get(attachment_page_path(view, 3)).status_code == 404


def test_a_replaced_file_is_deleted_and_the_new_one_goes_with_the_answer(world, student, posed):
    first, second = (
        create_attachment(student, posed),
        create_attachment(student, posed, plot("JPEG")),
    )
    listed = student.get(f"{posed.path}/attachments").json()["items"]
    assert [item["id"] for item in listed] == [second["id"]]
    assert student.get(attachment_page_path(first)).status_code == 404
    with world.session() as session:
        assert session.scalar(select(func.count()).select_from(Attachment)) == 2
    refused = submit_with_attachment(student, posed, first)
    assert refused.status_code == 422
    assert refused.json()["errors"] == [
        {"field": "attachments.why", "message": submitted.NOT_CURRENT}
    ]
    assert submit_with_attachment(student, posed, second).status_code == 201


def test_a_removed_file_is_gone_and_a_submitted_one_stays(student, posed):
    path = f"{posed.path}/attachments/why"
    create_attachment(student, posed)
    assert student.delete(path).status_code == 204
    assert student.delete(path).status_code == 204
    view = create_attachment(student, posed)
    submission = submit_with_attachment(student, posed, view).json()
    assert student.delete(path).status_code == 204
    assert student.get(f"{posed.path}/attachments").json()["items"] == []
    assert student.get(attachment_page_path(view)).status_code == 200
    again = student.get(f"/submissions/{submission['id']}").json()
    assert [item["id"] for item in again["attachments"]] == [view["id"]]


def test_a_receipt_covers_the_attachment(world, student, posed):
    view = create_attachment(student, posed)
    receipt = submit_with_attachment(student, posed, view).json()["receipt"]
    assert receipt["attachments"] == {"why": view["digest"]}
    proof = student.get(f"/receipts/{receipt['id']}").json()
    assert (proof["valid"], proof["attachments"]) == (True, {"why": view["digest"]})
    with world.session() as session:
        session.scalars(select(Attachment)).one().digest = "1" * 64
    assert not student.get(f"/receipts/{receipt['id']}").json()["valid"]


def test_a_repeated_request_is_one_submission_and_another_file_is_another_request(student, posed):
    view, key = create_attachment(student, posed), {"Idempotency-Key": "k"}
    first, second = (submit_with_attachment(student, posed, view, **key) for _ in range(2))
    assert first.json() == second.json()
    other = create_attachment(student, posed, plot(size=(50, 40)))
    refused = submit_with_attachment(student, posed, other, **key)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


def test_the_same_words_about_another_file_are_another_answer(student, posed):
    first = submit_with_attachment(student, posed, create_attachment(student, posed)).json()
    second = submit_with_attachment(
        student, posed, create_attachment(student, posed, plot(size=(50, 40)))
    ).json()
    third = student.submit(posed, {"why": WORDS}).json()
    assert [one["results"][0]["repeats"] for one in (first, second, third)] == [None] * 3
    fourth = student.submit(posed, {"why": WORDS}).json()
    assert fourth["results"][0]["repeats"] == third["id"]


def test_students_with_the_same_words_and_other_files_are_not_graded_as_one(
    world, course, student, posed
):
    staff = world.enrol(course, "Tea Cher", role="instructor")
    answers = []
    for number, data in enumerate((plot(), plot(size=(50, 40)), plot(), None)):
        person = student if number == 0 else world.enrol(course, f"Student {number}")
        done = (
            person.submit(posed, {"why": WORDS})
            if data is None
            else submit_with_attachment(person, posed, create_attachment(person, posed, data))
        )
        full = staff.get(f"/submissions/{done.json()['id']}").json()
        answers.append(full["results"][0]["answer"])
    path = f"/assignments/{posed.assignment}/review/{posed.slug}/why/groups"
    groups = staff.get(path, params={"least": 1}).json()["items"]
    assert [group["answers"] for group in groups] == [1]
    mark = {"credit": 0.5}
    done = staff.put(f"/answers/{answers[0]}/mark", mark, headers={"If-Match": "*"})
    assert done.status_code == 200, done.text
    same = [staff.get(f"/answers/{one}/review").json()["same_as"] for one in answers[1:]]
    assert [one is not None for one in same] == [False, True, False]


def test_staff_see_it_beside_the_answer_and_only_once_it_is_submitted(world, course, posed):
    student = world.enrol(course)
    ta = world.enrol(course, "Gra Der", role="grader")
    view = create_attachment(student, posed, name=NAME)
    assert ta.get(attachment_page_path(view)).status_code == 404
    submission = submit_with_attachment(student, posed, view).json()["id"]
    assert ta.get(attachment_page_path(view)).status_code == 200
    full = ta.get(f"/submissions/{submission}").json()
    assert full["attachments"] == [view]
    answer = full["results"][0]["answer"]
    assert ta.get(f"/answers/{answer}/review").json()["attachment"] == view


def test_without_names_tas_see_the_image_alone(world, course):
    [posed] = world.assignment(course, attachments=True, anonymous=True)
    student, ta = world.enrol(course), world.enrol(course, "Gra Der", role="grader")
    view = create_attachment(student, posed, name=NAME)
    submission = submit_with_attachment(student, posed, view).json()["id"]
    full = ta.get(f"/submissions/{submission}")
    answer = full.json()["results"][0]["answer"]
    item = ta.get(f"/answers/{answer}/review")
    hidden = {"file_name": None, "digest": None, "uploaded_at": None}
    assert full.json()["attachments"] == [view | hidden]
    assert item.json()["attachment"] == view | hidden
    proof = ta.get(f"/receipts/{submission}")
    assert proof.json()["attachments"] is None
    page = ta.get(attachment_page_path(view))
    assert page.status_code == 200
    for response in (full, item, proof):
        assert view["digest"] not in response.text
    for response in (full, item, proof, page):
        assert "lovelace" not in response.text + str(response.headers)


def test_others_see_neither_the_list_nor_the_pages(world, course, student, posed):
    view = create_attachment(student, posed)
    submit_with_attachment(student, posed, view)
    other, stranger = world.enrol(course, "Oth Er"), world.person("Stran Ger")
    assert other.get(f"{posed.path}/attachments").json()["items"] == []
    for person in (other, stranger):
        refused = person.get(attachment_page_path(view))
        assert (refused.status_code, refused.json()["detail"]) == (404, storage.NO_PAGE_MESSAGE)
    assert submit_with_attachment(other, posed, view).status_code == 422


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", converter.EMPTY_FILE),
        (b"<svg onload='alert(1)'/>", limits.SVG_REFUSED),
        (plot()[:200], limits.DAMAGED_IMAGE),
        (pdf_of(pages=11), limits.TOO_MANY_PAGES),
    ],
)
def test_a_refused_file_changes_nothing(student, posed, data, reason):
    view = create_attachment(student, posed)
    refused = upload_attachment(student, posed, data)
    assert (refused.status_code, refused.json()["code"]) == (422, "attachment_unreadable")
    assert refused.json()["errors"] == [{"field": "file", "message": reason}]
    assert student.get(f"{posed.path}/attachments").json()["items"] == [view]


def test_a_file_has_eight_mebibytes_at_most(student, posed):
    refused = upload_attachment(student, posed, b"\xff\xd8\xff" + b"x" * limits.MAX_UPLOAD_BYTES)
    assert refused.json()["errors"][0]["message"] == converter.TOO_LARGE
    assert (
        upload_attachment(student, posed, b"x" * (limits.MAX_UPLOAD_BYTES + 65_537)).status_code
        == 413
    )


def test_only_text_parts_of_problems_with_attachments_take_one(world, course, student, posed):
    assert (
        upload_attachment(student, posed, part="cells").json()["detail"]
        == storage.NO_TEXT_PART_MESSAGE
    )
    assert upload_attachment(student, posed, part="none").status_code == 404
    [plain] = world.assignment(course)
    assert upload_attachment(student, plain).json()["detail"] == storage.NOT_TAKEN_MESSAGE
    assert not student.get(plain.path).json()["parts"][2]["takes_attachment"]
    parts = student.get(posed.path).json()["parts"]
    assert [part["takes_attachment"] for part in parts] == [False, False, True]


def test_the_view_of_a_problem_has_the_attachment_of_each_part(student, posed):
    view = create_attachment(student, posed)
    parts = student.get(posed.path).json()["parts"]
    assert [part["attachment"] for part in parts] == [None, None, view]


@pytest.mark.parametrize("answers", [{"cells": "9"}, {"cells": "9", "why": "  "}])
def test_an_attachment_needs_words(student, posed, answers):
    body = {"answers": answers, "attachments": {"why": create_attachment(student, posed)["id"]}}
    refused = student.post(f"{posed.path}/submissions", body)
    assert refused.status_code == 422
    assert refused.json()["errors"] == [
        {"field": "attachments.why", "message": submitted.WITHOUT_ANSWER}
    ]


def test_the_attachment_of_another_part_or_problem_is_refused(world, course, student, posed):
    [other] = world.assignment(course, attachments=True)
    assert (
        submit_with_attachment(student, posed, create_attachment(student, other)).status_code == 422
    )
    view = create_attachment(student, posed)
    body = {"answers": {"cells": "9"}, "attachments": {"cells": view["id"]}}
    assert student.post(f"{posed.path}/submissions", body).status_code == 422


def test_an_answer_confirmed_from_a_report_takes_what_is_attached(student, posed):
    view = create_attachment(student, posed)
    [item] = confirm(student, create_report(student, posed), certain=True)
    receipt = item["submission"]["receipt"]
    assert receipt["attachments"] == {"why": view["digest"]}
    assert receipt["document"]
    assert student.get(f"/receipts/{receipt['id']}").json()["valid"]


def test_reports_and_attachments_have_one_budget_a_day(world, student, posed, monkeypatch):
    create_report(student, posed)
    create_attachment(student, posed)
    with world.session() as session:
        row = session.scalars(select(Attachment)).one()
        row.size_bytes = world.service.settings.report_mebibytes_per_day * 1024 * 1024
    refused = upload_attachment(student, posed)
    assert (refused.status_code, refused.json()["code"]) == (429, "attachment_budget")
    assert int(refused.headers["Retry-After"]) > 80_000
    world.clock.advance(days=1, seconds=1)
    create_attachment(student, posed)
    monkeypatch.setattr(storage, "MAX_ATTACHMENTS", 2)
    assert upload_attachment(student, posed).json()["detail"] == storage.TOO_MANY_MESSAGE


def test_pages_are_deleted_after_their_time_and_the_receipt_stays_valid(world, student, posed):
    view = create_attachment(student, posed)
    submission = submit_with_attachment(student, posed, view).json()["id"]
    world.service.expiry_runner.run_once()
    assert student.get(attachment_page_path(view)).status_code == 200
    world.clock.advance(days=world.service.settings.report_days + 1)
    world.service.expiry_runner.run_once()
    gone = student.get(attachment_page_path(view))
    assert (gone.status_code, gone.json()["detail"]) == (404, storage.DELETED_MESSAGE)
    [old] = student.get(f"/submissions/{submission}").json()["attachments"]
    assert (old["has_content"], old["digest"]) == (False, view["digest"])
    assert student.get(f"/receipts/{submission}").json()["valid"]


def test_the_export_of_an_account_has_the_images(student, posed):
    view = create_attachment(student, posed, pdf_of(pages=2), name="figures.pdf")
    [exported] = student.get("/me/export").json()["attachments"]
    assert (exported["file_name"], exported["digest"]) == ("figures.pdf", view["digest"])
    pages = [base64.b64decode(page["content"]) for page in exported["pages"]]
    assert pages == [student.get(attachment_page_path(view, number)).content for number in (1, 2)]


def test_the_export_of_a_course_names_the_attachments(world, course, student, posed):
    view = create_attachment(student, posed, name=NAME)
    submit_with_attachment(student, posed, view)
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    [row] = teacher.get(f"/courses/{course}/exports/submissions").text.splitlines()
    assert f'"attachments":{{"why":{{"id":"{view["id"]}","digest":"{view["digest"]}"}}}}' in row
    [row] = teacher.get(
        f"/courses/{course}/exports/submissions", params={"pseudonymous": "true"}
    ).text.splitlines()
    assert view["id"] not in row
    assert view["digest"] not in row


def test_erasure_deletes_the_images_and_receipts_stay_valid(world, course, student, posed):
    submit_with_attachment(student, posed, create_attachment(student, posed, name=NAME))
    admin = world.person("An Admin", admin=True)
    done = admin.post(f"/users/{student.id}/erase", {"confirm": student.name})
    assert done.status_code == 200, done.text
    with world.session() as session:
        for table in (Attachment, AttachmentPage, AnswerAttachment):
            assert session.scalar(select(func.count()).select_from(table)) == 0
    [row] = world.enrol(course, "Tea Cher", role="instructor").get(
        f"/courses/{course}/exports/submissions"
    ).text.splitlines() or [""]
    assert NAME not in row


def test_staff_attach_as_the_test_student_only(world, course, posed):
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    assert upload_attachment(teacher, posed).status_code == 403
    assert teacher.post(f"/courses/{course}/test-student").status_code in {200, 201}
    view = create_attachment(teacher, posed, **{"X-View-As": "test"})
    assert submit_with_attachment(teacher, posed, view, **{"X-View-As": "test"}).status_code == 201


def test_before_the_release_nothing_is_attached(world, course, student):
    [posed] = world.assignment(
        course, attachments=True, timeline_spec={"release": "2027-01-01 12:00"}
    )
    assert upload_attachment(student, posed).status_code == 404
    assert student.get(f"{posed.path}/attachments").status_code == 404
