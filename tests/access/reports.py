"""Permissions of reports: their routes and pages."""

from scene import Scene

from access import Route

REPORTS = "/assignments/{assignment}/reports"
REPORT = f"{REPORTS}/{{report}}"
TEXT = "1. Small kernels\n(a) How many cells: 9\n"
FILE = {"media": "application/octet-stream", "query": {"name": "report.md"}}
FORM = {
    "media": "application/x-www-form-urlencoded",
    "headers": {"Sec-Fetch-Site": "same-origin"},
}
BOUNDARY = "--frontier"
UPLOAD = (
    f'{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="report.md"\r\n\r\n'
    f"{TEXT}\r\n{BOUNDARY}--\r\n"
)

ROUTES = {
    ("GET", f"/api/v1{REPORTS}"): Route("student"),
    ("POST", f"/api/v1{REPORTS}"): Route("student", scope="submit", ok=201, body=TEXT, **FILE),
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
        **FORM,
    ),
    ("GET", f"{REPORT}/document"): Route("student", owned=True),
}


def furnish(scene: Scene) -> None:
    """Upload a report in each course, and confirm an answer of it."""
    made = {}
    for place, person in (("here", scene.student), ("elsewhere", scene.stranger)):
        path = f"/assignments/{scene.places[place]['assignment']}/reports"
        report = person.post(
            path,
            content=TEXT.encode(),
            params={"name": "report.md"},
            headers={"Content-Type": "application/octet-stream"},
        )
        assert report.status_code == 201, report.text
        made[place] = report.json()["id"]
        answer = {"problem": scene.places[place]["problem"], "part": "cells", "passage": 0}
        done = person.post(f"{path}/{made[place]}/confirm", {"answers": [answer]})
        assert done.json()["items"][0]["error"] is None, done.text
    scene.put("report", **made)
