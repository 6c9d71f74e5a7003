"""Servers to compare the intake with: FastAPI alone, one raw statement a request, an ORM session.

They answer at the address of the service, with the bytes of one of its replies. The first two ask
nobody who sends and grade nothing; ``orm`` does all that the service does, in a session of its own
with a commit for each request. ``python benchmarks/intake_references.py KIND DATABASE TOLD PORT``.
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
PLACE: Final = "/api/v1/assignments/{assignment}/problems/{problem}/submissions"
FIRST: Final = 1_000_000
"""A sequence number that no submission of the service comes to."""
Key_ = Annotated[str | None, Header(alias="idempotency-key")]


class Answers(BaseModel):
    """The body of a submission."""

    answers: dict[str, Any]


class Row:
    """The row that a request writes: the columns of the table of submissions."""

    def __init__(self, told: dict[str, str], reply: str) -> None:
        """Take the ids that are *told*, and the *reply*."""
        self._told, self._reply = told, reply
        self._at = FIRST

    def values(self, answers: dict[str, Any], key: str | None) -> tuple[Any, ...]:
        """Return the values of a new row."""
        self._at += 1
        one = self._told
        return (
            *(uuid4().hex, one["problem"], one["student"], one["student"], self._at),
            *(one["version"], 0, 0, to_micros(system_clock()), json.dumps(answers), key),
            *("0" * 64, self._reply),
        )


def _inserting(mark: str) -> str:
    marks = ", ".join(mark.replace("#", str(at)) for at in range(1, len(COLUMNS) + 1))
    return f"INSERT INTO submissions ({', '.join(COLUMNS)}) VALUES ({marks})"  # noqa: S608


def alone(reply: bytes) -> FastAPI:
    """Return FastAPI alone: the body is read, nothing is kept."""
    app = FastAPI()

    @app.post(PLACE, status_code=201)
    async def submit(assignment: str, problem: str, body: Answers, key: Key_ = None) -> Response:
        del assignment, problem, body, key
        return Response(reply, 201, media_type="application/json")

    return app


def raw_sqlite(row: Row, reply: bytes, path: str) -> FastAPI:
    """Return FastAPI with one statement and commit a request, on the event loop."""
    app = FastAPI()
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in SQLITE_PRAGMAS:
        db.execute(f"PRAGMA {pragma}")
    statement = _inserting("?")

    @app.post(PLACE, status_code=201)
    async def submit(assignment: str, problem: str, body: Answers, key: Key_ = None) -> Response:
        del assignment, problem
        db.execute(statement, row.values(body.answers, key))
        return Response(reply, 201, media_type="application/json")

    return app


def raw_postgresql(row: Row, reply: bytes, url: str) -> FastAPI:
    """Return FastAPI with one statement and commit a request, by asyncpg."""
    pools: list[Any] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        pools.append(await asyncpg.create_pool(url, min_size=8, max_size=16))
        yield
        await pools[0].close()

    app = FastAPI(lifespan=lifespan)
    statement = _inserting("$#")

    @app.post(PLACE, status_code=201)
    async def submit(assignment: str, problem: str, body: Answers, key: Key_ = None) -> Response:
        del assignment, problem
        await pools[0].execute(statement, *row.values(body.answers, key))
        return Response(reply, 201, media_type="application/json")

    return app


def by_orm(db: Database, reply: bytes) -> FastAPI:
    """Return what the service does, by objects of a session and a commit for each request."""
    app, variants = FastAPI(), VariantCache()

    @app.post(PLACE, status_code=201)
    def submit(
        assignment: UUID,
        problem: str,
        body: Answers,
        authorization: Annotated[str, Header()],
        key: Key_ = None,
    ) -> Response:
        with db.transaction() as session:
            caller = authenticate_token(session, authorization, now=system_clock())
            posed = load_assigned_problem(session, caller, assignment, problem, permission="submit")
            _store(session, posed, body.answers, variants, key)
        return Response(reply, 201, media_type="application/json")

    return app


def _store(
    session: Session,
    posed: AssignedProblem,
    answers: dict[str, Any],
    variants: VariantCache,
    key: str | None,
) -> None:
    """Judge, admit and write one submission."""
    now, student = system_clock(), posed.member.student_id
    place = ProgressKey(posed.problem.id, student)
    drawn, _ = load_current_draw(session, posed, student=student)
    earlier = load_answers(session, [place])[place]
    judged = grade_answers(
        variants.get_variant(session, drawn.version_id, drawn.position),
        answers,
        carried_values=collect_carried_values(earlier, draw=drawn.number),
        number_style=None,
    )
    admission = admit_answers(
        load_student_rules(session, posed.member, [posed.assignment])[posed.assignment.id],
        to_micros(now),
        answers={part: one.to_policy_answer(results_shown=True) for part, one in judged.items()},
        earlier={
            part: [to_policy_answer(row) for row in earlier if row.part == part] for part in judged
        },
    )
    sequence = earlier[-1].sequence + 1 if earlier else 1
    shared = {**place._asdict(), "draw": drawn.number, "sequence": sequence, "received_at": now}
    submission = Submission(
        **shared,
        author_id=student,
        version_id=drawn.version_id,
        position=drawn.position,
        answers={part: to_json(typed) for part, typed in answers.items()},
        key=key,
        fingerprint=compute_fingerprint(posed.problem.id, student, answers),
        reply={},
    )
    session.add(submission)
    session.flush()
    for one in judged.values():
        _add_answer(session, submission, one, admission, shared)
    recompute_progress(
        session, [place], cause=GradeCause("submission", submission.id, student, now)
    )


def _add_answer(
    session: Session,
    submission: Submission,
    one: AnswerResult,
    admission: Admission,
    shared: dict[str, Any],
) -> None:
    found = {"status": one.status, "credit": one.credit, "mistakes": one.mistakes}
    answer = Answer(
        **shared,
        **found,
        submission_id=submission.id,
        part=one.part,
        attempt=admission.attempts.get(one.part),
        late=admission.late,
        value=one.value,
        shown=one.rendered_value,
        carries=one.carries,
        grading_id=uuid4(),
    )
    session.add(answer)
    session.flush()
    session.add(
        Grading(
            **found,
            id=answer.grading_id,
            answer_id=answer.id,
            kind="auto",
            record=one.record,
            said=one.feedback,
            engine=one.engine,
            version_id=submission.version_id,
            created_at=submission.received_at,
        )
    )


def main(kind: str, url: str, told: str, port: str) -> None:
    """Serve a reference on a port until this process is ended."""
    given = json.loads(Path(told).read_text(encoding="utf-8"))
    reply: str = given["reply"]
    row = Row(given["row"], reply)
    match kind:
        case "alone":
            app = alone(reply.encode())
        case "raw" if url.startswith("sqlite"):
            app = raw_sqlite(row, reply.encode(), url.removeprefix("sqlite:///"))
        case "raw":
            app = raw_postgresql(row, reply.encode(), url)
        case _:
            app = by_orm(Database(url), reply.encode())
    uvicorn.run(app, port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
