"""Judge a submission: one result a part, in the order that the rules lay down.

Per part: correct, then right for the student's own earlier answers (follow_through), then a known
mistake (from true values, then from carried ones), then partial, else wrong. What cannot be read is
unreadable and costs nothing; what cannot be computed goes to a person (needs_review).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from grader.book import Book
from grader.carry import carried_names
from grader.errors import AnswerError, SolverError
from grader.evaluate import Scope
from grader.kinds import KINDS, Judgement, Kind
from grader.mistakes import Candidate, Known, carried_mistakes
from grader.parts import KeyedPart
from grader.problem import AnyPart, Status
from grader.reading import Reading, Typed, is_blank
from grader.values import Number, Value
from grader.variant import Variant, double_mistakes

__all__ = ["Result", "grade"]

FREE: Final = frozenset({"unreadable", "missing"})


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one part.

    *status* says what happened, *credit* (an exact fraction, None until a person has marked) what
    it earns of *points*. *read_as* is the answer as it was read, *mistakes* the ids of the likely
    causes, *feedback* what the student is told, *reason* (for staff) why no key could be computed.
    *carries* is the value for later parts, *cells* marks each cell for staff.
    """

    part: str
    status: Status
    credit: Fraction | None
    points: Number
    read_as: str = ""
    mistakes: tuple[str, ...] = ()
    feedback: str = ""
    reason: str = ""
    carries: Value | None = None
    cells: tuple[bool, ...] = ()

    @property
    def score(self) -> Fraction | None:
        """Points times credit; None until a person has marked."""
        return None if self.credit is None else self.credit * self.points

    @property
    def costs_attempt(self) -> bool:
        """Whether the answer uses an attempt: what could not be read does not."""
        return self.status not in FREE


def grade(
    variant: Variant,
    answers: Mapping[str, Typed],
    *,
    book: Book,
    carried: Mapping[str, Value] | None = None,
) -> tuple[Result, ...]:
    """Return a result for each part of the variant, in order.

    *answers* are those of this submission, *carried* the values that the student's earlier
    submissions gave to parts not answered (or not readable) in this one.
    """
    own: dict[str, Value] = dict(carried or {})
    results = []
    for part in variant.problem.parts:
        result = _grade_part(_Bench(variant, part, own, book), answers.get(part.id))
        if result.carries is not None:
            own[part.id] = result.carries
        results.append(result)
    return tuple(results)


@dataclass(frozen=True, slots=True)
class _Bench:
    """Everything that the judging of one part looks at."""

    variant: Variant
    part: AnyPart
    own: Mapping[str, Value]
    book: Book

    @property
    def kind(self) -> Kind[Any, Any]:
        """The kind of the part's answer."""
        return KINDS[self.part.kind]

    @property
    def seen(self) -> Scope:
        """What the student sees: parameters and functions, never a key."""
        return self.variant.scope(self.book)

    @property
    def key(self) -> Value | None:
        """The right answer; None for thresholds and conditions."""
        return self.variant.keys.get(self.part.id)

    def result(self, status: Status, credit: Fraction | None, **more: Any) -> Result:
        """Return a result of this part."""
        return Result(self.part.id, status, credit, self.part.points, **more)

    def judge(self, reading: Reading[Any], key: Value | None) -> Judgement:
        """Return how the answer compares with *key*."""
        return self.kind.judge(reading, key, self.part, self.seen)


def _grade_part(bench: _Bench, typed: Typed | None) -> Result:
    if typed is None or is_blank(typed):
        return bench.result("missing", Fraction(0), feedback="Nothing was answered.")
    try:
        reading = bench.kind.read(typed, bench.part, bench.seen)
    except AnswerError as error:
        return bench.result("unreadable", Fraction(0), feedback=str(error))
    except SolverError as error:
        return _review(bench, str(error))
    if bench.part.kind == "text":
        return bench.result(
            "needs_review", None, read_as=reading.shown, feedback="A person marks this part."
        )
    failure = bench.variant.failures.get(bench.part.id)
    try:
        if failure is None:
            return _judge(bench, reading)
    except SolverError as error:
        failure = str(error)
    return _review(bench, failure, read_as=reading.shown)


def _review(bench: _Bench, failure: str, *, read_as: str = "") -> Result:
    """Return the result of a part whose key, or whose form, could not be computed."""
    say = "The key could not be computed; a person looks at this part."
    return bench.result("needs_review", None, read_as=read_as, feedback=say, reason=failure)


def _judge(bench: _Bench, reading: Reading[Any]) -> Result:
    """Return the result of an answer that was read, by the first rule that fits."""
    more: dict[str, Any] = {"read_as": reading.shown, "carries": bench.kind.carried(reading)}
    judged = bench.judge(reading, bench.key)
    if judged.right:
        return bench.result("correct", Fraction(1), feedback=_told(reading, "Correct."), **more)
    if not isinstance(bench.part, KeyedPart):
        return bench.result("wrong", judged.credit, feedback=_told(reading, "Not right."), **more)
    accepted = _accepted(bench, bench.part, reading)
    if accepted is not None:
        return bench.result("correct", Fraction(1), feedback=_told(reading, accepted), **more)
    names = carried_names(bench.variant, bench.part, bench.own, book=bench.book)
    if names:
        followed = _follow(bench, bench.part, reading, names)
        if followed is not None and followed.right:
            credit = max(Fraction(bench.part.follow_through), judged.credit)
            say = "Right for the value that you carried on from an earlier part."
            return bench.result("follow_through", credit, feedback=_told(reading, say), **more)
        partial = followed.credit * bench.part.follow_through if followed else Fraction(0)
        if followed and partial > judged.credit:
            judged = Judgement(partial, followed.remark)
    return _wrong(bench, reading, judged, names, more)


def _wrong(
    bench: _Bench,
    reading: Reading[Any],
    judged: Judgement,
    names: Mapping[str, Value],
    more: dict[str, Any],
) -> Result:
    """Return the result of an answer that is not right: named, partial, misfit or wrong."""
    named = _causes(bench, reading, names)
    if named:
        credit = max(judged.credit, *(Fraction(one.credit) for one in named))
        ids = tuple(dict.fromkeys(name for one in named for name in one.ids))
        say = " Or: ".join(dict.fromkeys(one.say for one in named))
        say = f"One of these may have happened. {say}" if len(named) > 1 else say
        return bench.result(
            "mistake",
            credit,
            mistakes=ids,
            feedback=_told(reading, say),
            cells=judged.cells,
            **more,
        )
    if judged.misfit:
        return bench.result(
            "unreadable", Fraction(0), read_as=reading.shown, feedback=judged.misfit
        )
    if judged.credit:
        say = f"Partly right. {judged.remark}".strip()
        return bench.result(
            "partial", judged.credit, feedback=_told(reading, say), cells=judged.cells, **more
        )
    say = f"Not right. {judged.remark}".strip()
    return bench.result(
        "wrong", Fraction(0), feedback=_told(reading, say), cells=judged.cells, **more
    )


def _causes(
    bench: _Bench, reading: Reading[Any], names: Mapping[str, Value]
) -> tuple[Candidate, ...]:
    """Return the likeliest causes: from true values, then from carried ones, then two at once."""
    variant, part, book = bench.variant, bench.part, bench.book
    named = _named(bench, reading, variant.mistakes.get(part.id, Known()))
    if not named and names:
        keys = {**variant.keys, **names}
        carried = carried_mistakes(variant.problem, part, variant.names, keys, book)
        named = _named(bench, reading, carried)
    if not named:
        named = _named(bench, reading, double_mistakes(variant, part.id, book))
    return named


def _told(reading: Reading[Any], say: str) -> str:
    """Return the feedback, with how the answer was read where that was not plain."""
    return " ".join((say, *reading.notes))


def _accepted(bench: _Bench, part: KeyedPart, reading: Reading[Any]) -> str | None:
    """Return what to say of an answer that the author accepts beside the key, else None."""
    scope = _scope(bench, {})
    for accept in part.accept:
        key = bench.kind.solve(part.model_copy(update={"key": accept.key}), scope)
        if bench.judge(reading, key).right:
            return accept.say.fill(scope) or "Correct: accepted beside the key."
    return None


def _follow(
    bench: _Bench, part: KeyedPart, reading: Reading[Any], names: Mapping[str, Value]
) -> Judgement | None:
    """Return the judgement by the key that the student's earlier answers give, None without one."""
    try:
        key = bench.kind.solve(part, _scope(bench, names))
    except SolverError:
        return None
    if _is_shortcut(key, bench.key, names, bench.variant.keys):
        return None
    return bench.judge(reading, key)


def _is_shortcut(
    key: Value | None,
    true: Value | None,
    names: Mapping[str, Value],
    keys: Mapping[str, Value | None],
) -> bool:
    """Tell whether the carried key repeats a carried answer where the true ones differ."""
    return any(key == value and true != keys.get(name) for name, value in names.items())


def _scope(bench: _Bench, names: Mapping[str, Value]) -> Scope:
    keys = {name: key for name, key in bench.variant.keys.items() if key is not None}
    return Scope({**bench.variant.names, **keys, **names}, bench.seen.functions)


def _named(bench: _Bench, reading: Reading[Any], known: Known) -> tuple[Candidate, ...]:
    """Return the candidates of the highest rank that give this answer."""
    matching = [
        one
        for one in known.candidates
        if bench.kind.recognise(reading, one.value, bench.part, bench.seen)
    ]
    if not matching:
        return ()
    best = max(one.rank for one in matching)
    return tuple(one for one in matching if one.rank == best)
