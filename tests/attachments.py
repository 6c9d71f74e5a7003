"""Attachments in tests: upload an image, and submit it with an answer."""

from images import plot

BINARY = {"Content-Type": "application/octet-stream"}
WORDS = "The loss falls and stays."


def upload_attachment(person, assigned, data=None, *, part="why", name="loss curve.png", **headers):
    """Return the response to an upload."""
    return person.post(
        f"{assigned.path}/attachments/{part}",
        content=plot() if data is None else data,
        params={"name": name},
        headers=BINARY | headers,
    )


def create_attachment(person, assigned, data=None, **more):
    """Return a new attachment."""
    answer = upload_attachment(person, assigned, data, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def submit_with_attachment(person, assigned, attachment, text=WORDS, **headers):
    """Return the response to a submission of a text with an attachment."""
    body = {"answers": {"why": text}, "attachments": {"why": attachment["id"]}}
    return person.post(f"{assigned.path}/submissions", body, headers=headers)


def attachment_page_path(attachment, number=1):
    """Return the path of a page of an attachment below ``/api/v1``."""
    return f"/attachments/{attachment['id']}/image?page={number}"
