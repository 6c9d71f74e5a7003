"""Permissions of reports: their routes and pages."""

from scene import Scene

from access import Route

REPORTS = "/assignments/{assignment}/reports"
REPORT = f"{REPORTS}/{{report}}"
REPORT_TEXT = "1. Small kernels\n(a) How many cells: 9\n"
FILE_UPLOAD = {"media": "application/octet-stream", "query": {"name": "report.md"}}
FORM_POST = {
    "media": "application/x-www-form-urlencoded",
    "headers": {"Sec-Fetch-Site": "same-origin"},
}
BOUNDARY = "--frontier"
UPLOAD = (
    f'{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="report.md"\r\n\r\n'
    f"{REPORT_TEXT}\r\n{BOUNDARY}--\r\n"
)

ROUTES = {
    ("GET", f"/api/v1{REPORTS}"): Route("student"),
    ("POST", f"/api/v1{REPORTS}"): Route(
        "student", scope="submit", ok=201, body=REPORT_TEXT, **FILE_UPLOAD
    ),
    ("GET", f"/api/v1{REPORT}"): Route("student", owned=True),
    ("GET", f"/api/v1{REPORT}/document"): Route("student", owned=True),
    ("POST", f"/api/v1{REPORT}/confirm"): Route(
        "student",
        scope="submit",
        owned=True,
        body={"answers": [{"problem": "why-small-kernels", "part": "cells", "answer": "9"}]},
    ),
    ("GET", "/api/v1/assignments/{assignment}/report-template"): Route("student"),
    ("GET", "/assignments/{assignment}/report-template"): Route("student"),
    ("GET", "/assignments/{assignment}/sheet"): Route("student"),
    ("GET", REPORTS): Route("student"),
    ("POST", REPORTS): Route(
        "student",
        scope="submit",
        ok=303,
        body=UPLOAD,
        media=f"multipart/form-data; boundary={BOUNDARY[2:]}",
        headers={"Sec-Fetch-Site": "same-origin"},
    ),
    ("GET", REPORT): Route("student", owned=True),
    ("POST", REPORT): Route(
        "student",
        scope="submit",
        owned=True,
        ok=303,
        body="act=part-0&choice-0=typed&typed-0=9",
        **FORM_POST,
    ),
    ("GET", f"{REPORT}/document"): Route("student", owned=True),
}


def add_objects(scene: Scene) -> None:
    """Upload a report in each course, and confirm an answer of it."""
    report_ids = {}
    for course_key, person in (("here", scene.student), ("elsewhere", scene.stranger)):
        path = f"/assignments/{scene.places[course_key]['assignment']}/reports"
        upload = person.post(
            path,
            content=REPORT_TEXT.encode(),
            params={"name": "report.md"},
            headers={"Content-Type": "application/octet-stream"},
        )
        assert upload.status_code == 201, upload.text
        report_ids[course_key] = upload.json()["id"]
        answer = {"problem": scene.places[course_key]["problem"], "part": "cells", "passage": 0}
        response = person.post(f"{path}/{report_ids[course_key]}/confirm", {"answers": [answer]})
        assert response.json()["items"][0]["error"] is None, response.text
    scene.put("report", **report_ids)
