"""Large files of a student in the database, as an upload would store them."""

import random

from world import Person, ProblemReference, World

from api.core.ids import new_id
from api.db.models import Attachment, AttachmentPage, Report

LARGE_BYTES = 5_000_000


def store_report(
    world: World, student: Person, assigned: ProblemReference, size: int = LARGE_BYTES
) -> bytes:
    """Store a report of *size* bytes; return its document."""
    content = random.Random(size).randbytes(size)  # noqa: S311  # no secret
    with world.session() as session:
        session.add(
            Report(
                id=new_id(),
                assignment_id=assigned.assignment,
                document=content,
                reading={"parts": [], "draws": {}},
                **_common(world, student, size, "report.pdf"),
            )
        )
    return content


def store_attachment(
    world: World, student: Person, assigned: ProblemReference, size: int = LARGE_BYTES
) -> tuple[str, bytes]:
    """Store an attachment of *size* bytes; return the path of its page and its content."""
    content, attachment = random.Random(size).randbytes(size), new_id()  # noqa: S311
    with world.session() as session:
        session.add(
            Attachment(
                id=attachment,
                problem_id=assigned.id,
                part="why",
                **_common(world, student, size, "a.png"),
            )
        )
        session.flush()
        session.add(
            AttachmentPage(
                attachment_id=attachment,
                number=1,
                media_type="image/png",
                width=1,
                height=1,
                content=content,
            )
        )
    return f"/attachments/{attachment}/image", content


def _common(world: World, student: Person, size: int, name: str) -> dict[str, object]:
    people = {"student_id": student.id, "author_id": student.id}
    return people | {
        "file_name": name,
        "digest": "1" * 64,
        "size_bytes": size,
        "uploaded_at": world.clock(),
    }
