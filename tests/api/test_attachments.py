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
def assigned(world, course):
    [assigned] = world.assignment(course, attachments=True)
    return assigned


def test_image_is_stored_without_metadata_and_served_safely(student, assigned):
    data = photograph()
    view = create_attachment(student, assigned, data, name=NAME)
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


def test_pdf_pages_are_stored_as_images(student, assigned):
    view = create_attachment(student, assigned, pdf_of(pages=2))
    assert [page["number"] for page in view["pages"]] == [1, 2]
    assert student.get(attachment_page_path(view, 2)).headers["content-type"] == "image/png"
    assert student.get(attachment_page_path(view, 3)).status_code == 404


def test_replaced_attachment_is_deleted_and_the_new_one_is_submitted(world, student, assigned):
    first, second = (
        create_attachment(student, assigned),
        create_attachment(student, assigned, plot("JPEG")),
    )
    listed = student.get(f"{assigned.path}/attachments").json()["items"]
    assert [item["id"] for item in listed] == [second["id"]]
    assert student.get(attachment_page_path(first)).status_code == 404
    with world.session() as session:
        assert session.scalar(select(func.count()).select_from(Attachment)) == 2
    refused = submit_with_attachment(student, assigned, first)
    assert refused.status_code == 422
    assert refused.json()["errors"] == [
        {"field": "attachments.why", "message": submitted.NOT_CURRENT}
    ]
    assert submit_with_attachment(student, assigned, second).status_code == 201


def test_removed_attachment_disappears_but_a_submitted_one_remains(student, assigned):
    path = f"{assigned.path}/attachments/why"
    create_attachment(student, assigned)
    assert student.delete(path).status_code == 204
    assert student.delete(path).status_code == 204
    view = create_attachment(student, assigned)
    submission = submit_with_attachment(student, assigned, view).json()
    assert student.delete(path).status_code == 204
    assert student.get(f"{assigned.path}/attachments").json()["items"] == []
    assert student.get(attachment_page_path(view)).status_code == 200
    again = student.get(f"/submissions/{submission['id']}").json()
    assert [item["id"] for item in again["attachments"]] == [view["id"]]


def test_receipt_covers_the_attachment(world, student, assigned):
    view = create_attachment(student, assigned)
    receipt = submit_with_attachment(student, assigned, view).json()["receipt"]
    assert receipt["attachments"] == {"why": view["digest"]}
    proof = student.get(f"/receipts/{receipt['id']}").json()
    assert (proof["valid"], proof["attachments"]) == (True, {"why": view["digest"]})
    with world.session() as session:
        session.scalars(select(Attachment)).one().digest = "1" * 64
    assert not student.get(f"/receipts/{receipt['id']}").json()["valid"]


def test_idempotency_key_cannot_be_reused_with_another_attachment(student, assigned):
    view, key = create_attachment(student, assigned), {"Idempotency-Key": "k"}
    first, second = (submit_with_attachment(student, assigned, view, **key) for _ in range(2))
    assert first.json() == second.json()
    other = create_attachment(student, assigned, plot(size=(50, 40)))
    refused = submit_with_attachment(student, assigned, other, **key)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


def test_same_text_with_another_attachment_is_a_new_answer(student, assigned):
    first = submit_with_attachment(student, assigned, create_attachment(student, assigned)).json()
    second = submit_with_attachment(
        student, assigned, create_attachment(student, assigned, plot(size=(50, 40)))
    ).json()
    third = student.submit(assigned, {"why": WORDS}).json()
    assert [one["results"][0]["repeats"] for one in (first, second, third)] == [None] * 3
    fourth = student.submit(assigned, {"why": WORDS}).json()
    assert fourth["results"][0]["repeats"] == third["id"]


def test_same_text_with_different_attachments_is_not_graded_together(
    world, course, student, assigned
):
    staff = world.enrol(course, "Tea Cher", role="instructor")
    answers = []
    for number, data in enumerate((plot(), plot(size=(50, 40)), plot(), None)):
        person = student if number == 0 else world.enrol(course, f"Student {number}")
        done = (
            person.submit(assigned, {"why": WORDS})
            if data is None
            else submit_with_attachment(person, assigned, create_attachment(person, assigned, data))
        )
        full = staff.get(f"/submissions/{done.json()['id']}").json()
        answers.append(full["results"][0]["answer"])
    path = f"/assignments/{assigned.assignment}/review/{assigned.slug}/why/groups"
    groups = staff.get(path, params={"least": 1}).json()["items"]
    assert [group["answers"] for group in groups] == [1]
    mark = {"credit": 0.5}
    done = staff.put(f"/answers/{answers[0]}/mark", mark, headers={"If-Match": "*"})
    assert done.status_code == 200, done.text
    same = [staff.get(f"/answers/{one}/review").json()["same_as"] for one in answers[1:]]
    assert [one is not None for one in same] == [False, True, False]


def test_staff_see_attachments_only_after_submission(world, course, assigned):
    student = world.enrol(course)
    ta = world.enrol(course, "Gra Der", role="grader")
    view = create_attachment(student, assigned, name=NAME)
    assert ta.get(attachment_page_path(view)).status_code == 404
    submission = submit_with_attachment(student, assigned, view).json()["id"]
    assert ta.get(attachment_page_path(view)).status_code == 200
    full = ta.get(f"/submissions/{submission}").json()
    assert full["attachments"] == [view]
    answer = full["results"][0]["answer"]
    assert ta.get(f"/answers/{answer}/review").json()["attachment"] == view


def test_anonymous_grading_shows_tas_only_the_image(world, course):
    [assigned] = world.assignment(course, attachments=True, anonymous=True)
    student, ta = world.enrol(course), world.enrol(course, "Gra Der", role="grader")
    view = create_attachment(student, assigned, name=NAME)
    submission = submit_with_attachment(student, assigned, view).json()["id"]
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


def test_other_students_cannot_see_attachments_or_their_pages(world, course, student, assigned):
    view = create_attachment(student, assigned)
    submit_with_attachment(student, assigned, view)
    other, stranger = world.enrol(course, "Oth Er"), world.person("Stran Ger")
    assert other.get(f"{assigned.path}/attachments").json()["items"] == []
    for person in (other, stranger):
        refused = person.get(attachment_page_path(view))
        assert (refused.status_code, refused.json()["detail"]) == (404, storage.NO_PAGE_MESSAGE)
    assert submit_with_attachment(other, assigned, view).status_code == 422


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", converter.EMPTY_FILE),
        (b"<svg onload='alert(1)'/>", limits.SVG_REFUSED),
        (plot()[:200], limits.DAMAGED_IMAGE),
        (pdf_of(pages=11), limits.TOO_MANY_PAGES),
    ],
)
def test_rejected_file_leaves_the_attachment_unchanged(student, assigned, data, reason):
    view = create_attachment(student, assigned)
    refused = upload_attachment(student, assigned, data)
    assert (refused.status_code, refused.json()["code"]) == (422, "attachment_unreadable")
    assert refused.json()["errors"] == [{"field": "file", "message": reason}]
    assert student.get(f"{assigned.path}/attachments").json()["items"] == [view]


def test_attachments_are_limited_to_eight_mebibytes(student, assigned):
    refused = upload_attachment(student, assigned, b"\xff\xd8\xff" + b"x" * limits.MAX_UPLOAD_BYTES)
    assert refused.json()["errors"][0]["message"] == converter.TOO_LARGE
    assert (
        upload_attachment(student, assigned, b"x" * (limits.MAX_UPLOAD_BYTES + 65_537)).status_code
        == 413
    )


def test_only_text_parts_of_problems_with_attachments_accept_one(world, course, student, assigned):
    assert (
        upload_attachment(student, assigned, part="cells").json()["detail"]
        == storage.NO_TEXT_PART_MESSAGE
    )
    assert upload_attachment(student, assigned, part="none").status_code == 404
    [plain] = world.assignment(course)
    assert upload_attachment(student, plain).json()["detail"] == storage.NOT_TAKEN_MESSAGE
    assert not student.get(plain.path).json()["parts"][2]["takes_attachment"]
    parts = student.get(assigned.path).json()["parts"]
    assert [part["takes_attachment"] for part in parts] == [False, False, True]


def test_problem_view_includes_the_attachment_of_each_part(student, assigned):
    view = create_attachment(student, assigned)
    parts = student.get(assigned.path).json()["parts"]
    assert [part["attachment"] for part in parts] == [None, None, view]


@pytest.mark.parametrize("answers", [{"cells": "9"}, {"cells": "9", "why": "  "}])
def test_attachment_requires_answer_text(student, assigned, answers):
    body = {"answers": answers, "attachments": {"why": create_attachment(student, assigned)["id"]}}
    refused = student.post(f"{assigned.path}/submissions", body)
    assert refused.status_code == 422
    assert refused.json()["errors"] == [
        {"field": "attachments.why", "message": submitted.WITHOUT_ANSWER}
    ]


def test_attachment_of_another_part_or_problem_is_rejected(world, course, student, assigned):
    [other] = world.assignment(course, attachments=True)
    assert (
        submit_with_attachment(student, assigned, create_attachment(student, other)).status_code
        == 422
    )
    view = create_attachment(student, assigned)
    body = {"answers": {"cells": "9"}, "attachments": {"cells": view["id"]}}
    assert student.post(f"{assigned.path}/submissions", body).status_code == 422


def test_answer_confirmed_from_a_report_includes_the_attachment(student, assigned):
    view = create_attachment(student, assigned)
    [item] = confirm(student, create_report(student, assigned), certain=True)
    receipt = item["submission"]["receipt"]
    assert receipt["attachments"] == {"why": view["digest"]}
    assert receipt["document"]
    assert student.get(f"/receipts/{receipt['id']}").json()["valid"]


def test_reports_and_attachments_share_a_daily_budget(world, student, assigned, monkeypatch):
    create_report(student, assigned)
    create_attachment(student, assigned)
    with world.session() as session:
        row = session.scalars(select(Attachment)).one()
        row.size_bytes = world.service.settings.report_mebibytes_per_day * 1024 * 1024
    refused = upload_attachment(student, assigned)
    assert (refused.status_code, refused.json()["code"]) == (429, "attachment_budget")
    assert int(refused.headers["Retry-After"]) > 80_000
    world.clock.advance(days=1, seconds=1)
    create_attachment(student, assigned)
    monkeypatch.setattr(storage, "MAX_ATTACHMENTS", 2)
    assert upload_attachment(student, assigned).json()["detail"] == storage.TOO_MANY_MESSAGE


def test_pages_are_deleted_after_retention_and_the_receipt_stays_valid(world, student, assigned):
    view = create_attachment(student, assigned)
    submission = submit_with_attachment(student, assigned, view).json()["id"]
    world.service.expiry_runner.run_once()
    assert student.get(attachment_page_path(view)).status_code == 200
    world.clock.advance(days=world.service.settings.report_days + 1)
    world.service.expiry_runner.run_once()
    gone = student.get(attachment_page_path(view))
    assert (gone.status_code, gone.json()["detail"]) == (404, storage.DELETED_MESSAGE)
    [old] = student.get(f"/submissions/{submission}").json()["attachments"]
    assert (old["has_content"], old["digest"]) == (False, view["digest"])
    assert student.get(f"/receipts/{submission}").json()["valid"]


def test_account_export_includes_attachment_images(student, assigned):
    view = create_attachment(student, assigned, pdf_of(pages=2), name="figures.pdf")
    [exported] = student.get("/me/export").json()["attachments"]
    assert (exported["file_name"], exported["digest"]) == ("figures.pdf", view["digest"])
    pages = [base64.b64decode(page["content"]) for page in exported["pages"]]
    assert pages == [student.get(attachment_page_path(view, number)).content for number in (1, 2)]


def test_course_export_lists_attachments(world, course, student, assigned):
    view = create_attachment(student, assigned, name=NAME)
    submit_with_attachment(student, assigned, view)
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    [row] = teacher.get(f"/courses/{course}/exports/submissions").text.splitlines()
    assert f'"attachments":{{"why":{{"id":"{view["id"]}","digest":"{view["digest"]}"}}}}' in row
    [row] = teacher.get(
        f"/courses/{course}/exports/submissions", params={"pseudonymous": "true"}
    ).text.splitlines()
    assert view["id"] not in row
    assert view["digest"] not in row


def test_erasure_deletes_attachments_and_keeps_receipts_valid(world, course, student, assigned):
    submit_with_attachment(student, assigned, create_attachment(student, assigned, name=NAME))
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


def test_staff_can_attach_files_only_as_the_test_student(world, course, assigned):
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    assert upload_attachment(teacher, assigned).status_code == 403
    assert teacher.post(f"/courses/{course}/test-student").status_code in {200, 201}
    view = create_attachment(teacher, assigned, **{"X-View-As": "test"})
    assert (
        submit_with_attachment(teacher, assigned, view, **{"X-View-As": "test"}).status_code == 201
    )


def test_attachments_are_unavailable_before_release(world, course, student):
    [assigned] = world.assignment(
        course, attachments=True, timeline_spec={"release": "2027-01-01 12:00"}
    )
    assert upload_attachment(student, assigned).status_code == 404
    assert student.get(f"{assigned.path}/attachments").status_code == 404
