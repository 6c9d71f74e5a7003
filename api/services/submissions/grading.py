"""Grading of answers: each result in the form in which it is stored."""

import hashlib
import json
import time
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias
from uuid import UUID

from api.core.cache import Cache
from api.db.models import Answer
from api.services.engine.judging_pool import is_expensive
from api.services.engine.single_answer import student_record
from api.services.submissions.drawn import Drawn
from grader import ENGINE
from grader.grading.context import contexts
from grader.grading.grade import grade
from grader.grading.record import to_record
from grader.grading.result import Result
from grader.json_values import UnwrittenError, from_json, to_json
from grader.kinds import KINDS
from grader.policy import Offered
from grader.reading import Typed
from grader.reading.grammar.number_styles import Style
from grader.values import Value
from grader.variants.variant import Variant
from problems.book import BOOK

__all__ = ["Judged", "Judging", "carried_by", "heard_values", "judge", "value_digest"]

MAX_SHOWN_CHARACTERS: Final = 2_000
SORTED: Final = json.JSONEncoder(sort_keys=True)
JUDGED_KEPT: Final = 8_192
SLOW_SECONDS: Final = 0.05
SLOW_KEPT: Final = 1_024
KEPT_TYPES: Final = frozenset({str, int, Fraction})
"""Of which types answers are remembered: a list would have to be taken apart to be looked up."""

Place: TypeAlias = tuple[UUID, str]
"""The version of a problem, and the parts that are answered."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The result of one answer as it is stored.

    *value* is the digest of the value that was read ("" if unreadable), *shown* that value in
    words, *carries* the value that later parts compute with, *said* the student's feedback,
    *record* the full result without the typed answer, which the submission has. *misfit* says that
    the answer has another form than the one asked for.
    """

    part: str
    status: str
    credit: Fraction | None
    points: Fraction
    mistakes: str
    value: str
    shown: str
    carries: dict[str, Any] | None
    costs: bool
    said: dict[str, Any]
    record: dict[str, Any]
    misfit: str = ""
    engine: str = ENGINE

    def offered(self, *, results_shown: bool) -> Offered:
        """Return the answer as the policy sees it.

        While results are hidden every misfit is free, even a known mistake: otherwise the count of
        attempts would reveal that this answer is a known mistake.
        """
        is_free = bool(self.misfit) and not results_shown
        return Offered(self.value, costs=self.costs and not is_free)


def judge(
    variant: Variant,
    answers: Mapping[str, Typed],
    *,
    carried: Mapping[str, Value],
    numbers: Style | None,
    draw: int = 0,
) -> dict[str, Judged]:
    """Return the results of *answers* by part; *carried* are the student's earlier values."""
    results = grade(variant, answers, book=BOOK, carried=carried, numbers=numbers)
    return {
        one.part: _judged(one, variant, numbers=numbers, draw=draw)
        for one in results
        if one.part in answers
    }


class Judging:
    """Grader of answers with an LRU cache: equal answers to equal numbers are graded once.

    Long answers are not cached: the stored data of a single one may take half a megabyte.
    """

    def __init__(self) -> None:
        self._judged: Cache[Hashable, dict[str, Judged]] = Cache(JUDGED_KEPT)
        self._slow: Cache[Place, Place] = Cache(SLOW_KEPT)

    def judge(
        self,
        variant: Variant,
        drawn: Drawn,
        answers: Mapping[str, Typed],
        *,
        carried: Mapping[str, Value],
        numbers: Style | None,
    ) -> dict[str, Judged]:
        """Grade *answers* as the function `judge` does; *drawn* is the draw of *variant*."""
        if is_expensive(answers):
            return judge(variant, answers, carried=carried, numbers=numbers, draw=drawn.number)

        def judge_timed() -> dict[str, Judged]:
            began = time.thread_time()
            found = judge(variant, answers, carried=carried, numbers=numbers, draw=drawn.number)
            if time.thread_time() - began > SLOW_SECONDS:
                self._note_slow(variant, drawn, answers)
            return found

        if not KEPT_TYPES.issuperset(map(type, answers.values())):
            return judge_timed()
        typed = tuple([(part, type(one), one) for part, one in answers.items()])
        heard = heard_values(variant, answers, carried)
        return self._judged.get((variant, drawn.number, numbers, typed, heard), judge_timed)

    def is_slow(self, drawn: Drawn, answers: Iterable[str]) -> bool:
        """Tell whether short answers to these parts were slow to grade before.

        That happens where a key is solved again for the student's own earlier answers.
        """
        if not len(self._slow):
            return False
        return any(self._slow.find((drawn.version_id, part)) is not None for part in answers)

    def _note_slow(self, variant: Variant, drawn: Drawn, answers: Iterable[str]) -> None:
        """Remember the parts that can have taken long: those with keys that are solved again.

        Each part counts by itself. Else every combination of a slow part with others would be slow
        once more on the event loop.
        """
        parts = set(answers)
        solved_again = {one.part.id for one in contexts(variant, BOOK) if one.heard} & parts
        for part in solved_again or parts:
            place = drawn.version_id, part
            self._slow.keep(place, place)


def heard_values(
    variant: Variant, answers: Mapping[str, Typed], carried: Mapping[str, Value]
) -> tuple[tuple[str, type, Value], ...]:
    """Return the values of *carried* that can affect the grading of *answers*."""
    if not carried:
        return ()
    heard = [
        context.heard
        for context in contexts(variant, BOOK)
        if context.heard and context.part.id in answers
    ]
    if not heard:
        return ()
    names = frozenset().union(*heard)
    return tuple((name, type(value), value) for name, value in carried.items() if name in names)


def _judged(result: Result, variant: Variant, *, numbers: Style | None, draw: int) -> Judged:
    part = variant.problem.part(result.part)
    digest = value_digest(result, draw=draw)
    if result.misfit:  # it costs no attempt, so any number of them could be stored
        result = result._replace(read_as=result.read_as[:MAX_SHOWN_CHARACTERS])
    record = to_record(result, variant, numbers=numbers)
    del record["typed"]
    by_person = KINDS[part.kind].by_person
    waits = result.status == "needs_review"
    return Judged(
        part=result.part,
        status=result.status,
        credit=result.credit,
        points=Fraction(result.points),
        mistakes="|".join(result.mistakes),
        value=digest,
        shown=result.read_as[:MAX_SHOWN_CHARACTERS],
        carries=_carries(result),
        costs=result.costs_attempt and not by_person and not waits,
        said=student_record(result, variant),
        record=record,
        misfit=result.misfit,
    )


def value_digest(result: Result, *, draw: int = 0) -> str:
    """Return a digest that is equal for answers with equal readings, "" if nothing was read.

    The digest depends on *draw*: equal answers to other numbers are different answers.
    """
    if result.value is None:
        return ""
    try:
        told = SORTED.encode(to_json(result.value))
    except UnwrittenError:
        told = result.read_as
    digest = hashlib.sha256(told.encode()).hexdigest()
    return f"{digest}#{draw}" if draw else digest


def _carries(result: Result) -> dict[str, Any] | None:
    if result.carries is None:
        return None
    try:
        return {"value": to_json(result.carries)}
    except UnwrittenError:
        return None


def carried_by(
    answers: Iterable[Answer], *, draw: int, before: UUID | None = None
) -> dict[str, Value]:
    """Return the student's last readable value for each part, in the draw with this number.

    *answers* come in order; those of the submission *before* and all later ones do not count.
    """
    found: dict[str, Value] = {}
    for answer in answers:
        if answer.submission_id == before:
            break
        if answer.draw == draw and answer.carries is not None:
            found[answer.part] = from_json(answer.carries["value"])
    return found
