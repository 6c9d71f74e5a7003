"""Reference servers for `intake.py`: FastAPI alone, one raw statement, and an ORM session.

They serve the path of submissions, and reply with the bytes of a reply of the service. The first
two neither authenticate nor grade; ``orm`` does everything that the service does, with one session
and one commit for each request. ``python benchmarks/intake_references.py KIND DATABASE REPLY
PORT``, where REPLY is a JSON file.
"""

import json
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID, uuid4

import asyncpg
import uvicorn
from fastapi import FastAPI, Header, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from api.auth.authentication import authenticate_token
from api.auth.authorization import AssignedProblem, load_assigned_problem
from api.core.clock import system_clock, to_micros
from api.db.engine import SQLITE_PRAGMAS, Database
from api.db.models import Answer, Grading, Submission
from api.services.assignments.rules import load_student_rules
from api.services.engine.assigned_variant import load_current_draw
from api.services.engine.variants import VariantCache
from api.services.grades import (
    GradeCause,
    ProgressKey,
    load_answers,
    recompute_progress,
    to_policy_answer,
)
from api.services.submissions.grading import AnswerResult, collect_carried_values, grade_answers
from api.services.submissions.pending_submissions import compute_fingerprint
from grader.json_values import to_json
from grader.policy import Admission, admit_answers

COLUMNS: Final = (
    *("id", "problem_id", "student_id", "author_id", "sequence", "version_id", "position"),
    *("draw", "received_at", "answers", "key", "fingerprint", "reply"),
)
SUBMISSION_PATH: Final = "/api/v1/assignments/{assignment}/problems/{problem}/submissions"
FIRST_SEQUENCE: Final = 1_000_000
"""Sequence number above those of all submissions of the service."""
IdempotencyKey = Annotated[str | None, Header(alias="idempotency-key")]


class SubmissionBody(BaseModel):
    """The body of a submission."""

    answers: dict[str, Any]


class RowSource:
    """Source of rows for the table of submissions."""

    def __init__(self, ids: dict[str, str], reply: str) -> None:
        """Store the ids and the reply that all rows share."""
        self._ids, self._reply = ids, reply
        self._sequence = FIRST_SEQUENCE

    def next_values(self, answers: dict[str, Any], key: str | None) -> tuple[Any, ...]:
        """Return the values of a new row."""
        self._sequence += 1
        ids = self._ids
        return (
            *(uuid4().hex, ids["problem"], ids["student"], ids["student"], self._sequence),
            *(ids["version"], 0, 0, to_micros(system_clock()), json.dumps(answers), key),
            *("0" * 64, self._reply),
        )


def _build_insert(placeholder: str) -> str:
    placeholders = ", ".join(
        placeholder.replace("#", str(number)) for number in range(1, len(COLUMNS) + 1)
    )
    return f"INSERT INTO submissions ({', '.join(COLUMNS)}) VALUES ({placeholders})"  # noqa: S608


def create_bare_app(reply: bytes) -> FastAPI:
    """Return FastAPI alone: it parses the body and stores nothing."""
    app = FastAPI()

    @app.post(SUBMISSION_PATH, status_code=201)
    async def submit(
        assignment: str, problem: str, body: SubmissionBody, key: IdempotencyKey = None
    ) -> Response:
        del assignment, problem, body, key
        return Response(reply, 201, media_type="application/json")

    return app


def create_sqlite_app(row: RowSource, reply: bytes, path: str) -> FastAPI:
    """Return FastAPI with one statement and commit for each request, on the event loop."""
    app = FastAPI()
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in SQLITE_PRAGMAS:
        db.execute(f"PRAGMA {pragma}")
    statement = _build_insert("?")

    @app.post(SUBMISSION_PATH, status_code=201)
    async def submit(
        assignment: str, problem: str, body: SubmissionBody, key: IdempotencyKey = None
    ) -> Response:
        del assignment, problem
        db.execute(statement, row.next_values(body.answers, key))
        return Response(reply, 201, media_type="application/json")

    return app


def create_postgresql_app(row: RowSource, reply: bytes, url: str) -> FastAPI:
    """Return FastAPI with one statement and commit for each request, using asyncpg."""
    pools: list[Any] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        pools.append(await asyncpg.create_pool(url, min_size=8, max_size=16))
        yield
        await pools[0].close()

    app = FastAPI(lifespan=lifespan)
    statement = _build_insert("$#")

    @app.post(SUBMISSION_PATH, status_code=201)
    async def submit(
        assignment: str, problem: str, body: SubmissionBody, key: IdempotencyKey = None
    ) -> Response:
        del assignment, problem
        await pools[0].execute(statement, *row.next_values(body.answers, key))
        return Response(reply, 201, media_type="application/json")

    return app


def create_orm_app(db: Database, reply: bytes) -> FastAPI:
    """Return a service that uses ORM objects and one commit for each request."""
    app, variants = FastAPI(), VariantCache()

    @app.post(SUBMISSION_PATH, status_code=201)
    def submit(
        assignment: UUID,
        problem: str,
        body: SubmissionBody,
        authorization: Annotated[str, Header()],
        key: IdempotencyKey = None,
    ) -> Response:
        with db.transaction() as session:
            principal = authenticate_token(session, authorization, now=system_clock())
            assigned = load_assigned_problem(
                session, principal, assignment, problem, permission="submit"
            )
            _store(session, assigned, body.answers, variants, key)
        return Response(reply, 201, media_type="application/json")

    return app


def _store(
    session: Session,
    assigned: AssignedProblem,
    answers: dict[str, Any],
    variants: VariantCache,
    key: str | None,
) -> None:
    """Grade, admit and write one submission."""
    now, student = system_clock(), assigned.member.student_id
    progress_key = ProgressKey(assigned.problem.id, student)
    draw, _ = load_current_draw(session, assigned, student=student)
    earlier_answers = load_answers(session, [progress_key])[progress_key]
    results = grade_answers(
        variants.get_variant(session, draw.version_id, draw.position),
        answers,
        carried_values=collect_carried_values(earlier_answers, draw=draw.number),
        number_style=None,
    )
    admission = admit_answers(
        load_student_rules(session, assigned.member, [assigned.assignment])[assigned.assignment.id],
        to_micros(now),
        answers={
            part: result.to_policy_answer(results_shown=True) for part, result in results.items()
        },
        earlier={
            part: [to_policy_answer(row) for row in earlier_answers if row.part == part]
            for part in results
        },
    )
    sequence = earlier_answers[-1].sequence + 1 if earlier_answers else 1
    shared = {
        **progress_key._asdict(),
        "draw": draw.number,
        "sequence": sequence,
        "received_at": now,
    }
    submission = Submission(
        **shared,
        author_id=student,
        version_id=draw.version_id,
        position=draw.position,
        answers={part: to_json(typed) for part, typed in answers.items()},
        key=key,
        fingerprint=compute_fingerprint(assigned.problem.id, student, answers),
        reply={},
    )
    session.add(submission)
    session.flush()
    for result in results.values():
        _add_answer(session, submission, result, admission, shared)
    recompute_progress(
        session, [progress_key], cause=GradeCause("submission", submission.id, student, now)
    )


def _add_answer(
    session: Session,
    submission: Submission,
    result: AnswerResult,
    admission: Admission,
    shared: dict[str, Any],
) -> None:
    grade = {"status": result.status, "credit": result.credit, "mistakes": result.mistakes}
    answer = Answer(
        **shared,
        **grade,
        submission_id=submission.id,
        part=result.part,
        attempt=admission.attempts.get(result.part),
        late=admission.late,
        value=result.value,
        shown=result.rendered_value,
        carries=result.carries,
        grading_id=uuid4(),
    )
    session.add(answer)
    session.flush()
    session.add(
        Grading(
            **grade,
            id=answer.grading_id,
            answer_id=answer.id,
            kind="auto",
            record=result.record,
            said=result.feedback,
            engine=result.engine,
            version_id=submission.version_id,
            created_at=submission.received_at,
        )
    )


def main(kind: str, url: str, reply_path: str, port: str) -> None:
    """Serve a reference on a port until this process is terminated."""
    stored = json.loads(Path(reply_path).read_text(encoding="utf-8"))
    reply: str = stored["reply"]
    row = RowSource(stored["row"], reply)
    match kind:
        case "alone":
            app = create_bare_app(reply.encode())
        case "raw" if url.startswith("sqlite"):
            app = create_sqlite_app(row, reply.encode(), url.removeprefix("sqlite:///"))
        case "raw":
            app = create_postgresql_app(row, reply.encode(), url)
        case _:
            app = create_orm_app(Database(url), reply.encode())
    uvicorn.run(app, port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
