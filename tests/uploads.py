"""Uploaded reports in tests: a document, its upload, and the confirmation of its answers."""

REPORT = """\
# Homework 1

## 1. Why small kernels

(a) How many cells: 9

(b) Twice that, doubled: 18

(c) Why: Small kernels are stacked because they have fewer parameters.
"""
BINARY = {"Content-Type": "application/octet-stream"}


def upload_report(person, assigned, document=REPORT, name="report.md", **headers):
    """Return the response to an upload of a report."""
    return person.post(
        f"/assignments/{assigned.assignment}/reports",
        content=document if isinstance(document, bytes) else document.encode(),
        params={"name": name},
        headers=BINARY | headers,
    )


def create_report(person, assigned, document=REPORT, name="report.md", **headers):
    """Return a new report."""
    answer = upload_report(person, assigned, document, name, **headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


def report_path(report):
    """Return the path of a report below ``/api/v1``."""
    return f"/assignments/{report['assignment']}/reports/{report['id']}"


def confirm(person, report, *answers, certain=False, **headers):
    """Return the items of a confirmation; an answer is (part, passage) or (part, text)."""
    body = {
        "certain": certain,
        "answers": [
            {
                "problem": report["parts"][0]["problem"],
                "part": part,
                "passage" if isinstance(value, int) else "answer": value,
            }
            for part, value in answers
        ],
    }
    done = person.post(f"{report_path(report)}/confirm", body, headers=headers)
    assert done.status_code == 200, done.text
    return done.json()["items"]
