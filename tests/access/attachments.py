"""Permissions of attachments: their routes and pages."""

from uuid import UUID

from images import pdf_of
from scene import Scene
from sqlalchemy import update

from access import Route
from api.db.models import AnswerAttachment, AssignmentProblem

ATTACHMENTS = "/assignments/{assignment}/problems/{problem}/attachments"
ATTACHMENT = f"{ATTACHMENTS}/{{part}}"
IMAGE = "/attachments/{attachment}/image"
FILE = pdf_of().decode()
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
BOUNDARY = "--frontier"
UPLOAD = (
    f'{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="plot.pdf"\r\n\r\n'
    f"{FILE}\r\n{BOUNDARY}--\r\n"
)

ROUTES = {
    ("GET", f"/api/v1{ATTACHMENTS}"): Route("student"),
    ("POST", f"/api/v1{ATTACHMENT}"): Route(
        "student",
        scope="submit",
        ok=201,
        body=FILE,
        media="application/octet-stream",
        query={"name": "plot.pdf"},
    ),
    ("DELETE", f"/api/v1{ATTACHMENT}"): Route("student", scope="submit", ok=204),
    ("GET", f"/api/v1{IMAGE}"): Route("student", owned=True),
    ("GET", ATTACHMENT): Route("student"),
    ("POST", ATTACHMENT): Route(
        "student",
        scope="submit",
        ok=303,
        body=UPLOAD,
        media=f"multipart/form-data; boundary={BOUNDARY[2:]}",
        headers=SAME_SITE,
    ),
    ("POST", f"{ATTACHMENT}/remove"): Route(
        "student",
        scope="submit",
        ok=303,
        body="",
        media="application/x-www-form-urlencoded",
        headers=SAME_SITE,
    ),
    ("GET", IMAGE): Route("student", owned=True),
}


def add_objects(scene: Scene) -> None:
    """Attach a file to the answer of the student in each course."""
    with scene.world.session() as session:
        session.execute(update(AssignmentProblem).values(attachments=True))
    attachment_ids = {}
    for course_key, person in (("here", scene.student), ("elsewhere", scene.stranger)):
        parameters = scene.places[course_key]
        path = f"/assignments/{parameters['assignment']}/problems/{parameters['problem']}"
        response = person.post(
            f"{path}/attachments/why",
            content=FILE.encode(),
            params={"name": "plot.pdf"},
            headers={"Content-Type": "application/octet-stream"},
        )
        assert response.status_code == 201, response.text
        attachment_ids[course_key] = response.json()["id"]
        with scene.world.session() as session:
            session.add(
                AnswerAttachment(
                    submission_id=UUID(parameters["submission"]),
                    part="why",
                    attachment_id=UUID(attachment_ids[course_key]),
                )
            )
    scene.put("attachment", **attachment_ids)
