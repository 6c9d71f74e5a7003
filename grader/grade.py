"""Judge a submission: one result a part, in the order that the rules lay down.

Per part: correct, then right for the student's own earlier answers (follow_through), then a known
mistake (from true values, then from carried ones), then partial, else wrong. What cannot be read is
unreadable and costs nothing; what cannot be computed goes to a person (needs_review).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

from grader.book import Book
from grader.carry import carried_names
from grader.errors import AnswerError, SolverError
from grader.evaluate import Scope
from grader.kinds import KINDS, Judgement, Kind
from grader.kinds.base import NOT
from grader.mistakes import Candidate, Known, carried_mistakes
from grader.parts import KeyedPart
from grader.problem import AnyPart, Status
from grader.reading import Reading, Typed, is_blank
from grader.result import Result
from grader.values import Value
from grader.variant import Variant, double_mistakes

__all__ = ["grade"]

BY_PERSON: Final = "A person marks this part."
FOLLOWED: Final = "Right for the value that you carried on from an earlier part."


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
        return bench.result("missing", Fraction(0), say="Nothing was answered.")
    try:
        reading = bench.kind.read(typed, bench.part, bench.seen)
    except AnswerError as error:
        say, position = str(error), error.position
        return bench.result("unreadable", Fraction(0), say=say, position=position)
    except SolverError as error:
        return _review(bench, str(error))
    if bench.kind.by_person:
        return bench.result("needs_review", None, read_as=reading.shown, say=BY_PERSON)
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
    return bench.result("needs_review", None, read_as=read_as, say=say, reason=failure)


def _judge(bench: _Bench, reading: Reading[Any]) -> Result:
    """Return the result of an answer that was read, by the first rule that fits."""
    told = {"read_as": reading.shown, "notes": reading.notes}
    more: dict[str, Any] = {**told, "carries": bench.kind.carried(reading)}
    judged = bench.judge(reading, bench.key)
    if judged.right:
        return bench.result("correct", Fraction(1), say="Correct.", **more)
    if not isinstance(bench.part, KeyedPart):
        return bench.result("wrong", judged.credit, say="Not right.", **more)
    accepted = _accepted(bench, bench.part, reading)
    if accepted is not None:
        return bench.result("correct", Fraction(1), say=accepted, **more)
    names = carried_names(bench.variant, bench.part, bench.own, book=bench.book)
    follow = _Follow(bench, bench.part, names)
    followed = follow.judge(reading)
    if followed.right:
        credit = max(follow.credit, judged.credit)
        return bench.result("follow_through", credit, say=FOLLOWED, **more)
    if followed.credit * follow.credit > judged.credit:
        judged = Judgement(followed.credit * follow.credit, followed.remark)
    named = _causes(bench, reading, follow)
    if named:
        return _mistaken(bench, judged, named, more)
    if judged.misfit:
        return bench.result("unreadable", Fraction(0), say=judged.misfit, **told)
    return _wrong(bench, bench.part, reading, judged, more)


def _mistaken(
    bench: _Bench, judged: Judgement, named: tuple[Candidate, ...], more: dict[str, Any]
) -> Result:
    """Return the result of an answer whose likely causes are known."""
    credit = max(judged.credit, *(Fraction(one.credit) for one in named))
    ids = tuple(dict.fromkeys(name for one in named for name in one.ids))
    say = " Or: ".join(dict.fromkeys(one.say for one in named))
    say = f"One of these may have happened. {say}" if len(named) > 1 else say
    return bench.result("mistake", credit, mistakes=ids, say=say, cells=judged.cells, **more)


def _wrong(
    bench: _Bench,
    part: KeyedPart,
    reading: Reading[Any],
    judged: Judgement,
    more: dict[str, Any],
) -> Result:
    """Return the result of an answer that is partly right, or wrong."""
    status: Status = "partial" if judged.credit else "wrong"
    pieces = ["Partly right." if judged.credit else "Not right.", judged.remark]
    if part.show == "cells" and judged.cells:
        pieces.append(bench.kind.point_out(reading, judged.cells))
    say = " ".join(piece for piece in pieces if piece)
    return bench.result(status, judged.credit, say=say, cells=judged.cells, **more)


def _causes(bench: _Bench, reading: Reading[Any], follow: "_Follow") -> tuple[Candidate, ...]:
    """Return the likeliest causes: from true values, then from carried ones, then two at once.

    An answer that may be the right value rounded shows no mistake but that.
    """
    variant, part, book = bench.variant, bench.part, bench.book
    rounded = any(bench.kind.may_round(reading, key) for key in (bench.key, follow.key))
    named = _named(bench, reading, variant.mistakes.get(part.id, Known()), rounded=rounded)
    if not named and follow.names:
        keys = {**variant.keys, **follow.names}
        carried = carried_mistakes(variant.problem, part, variant.names, keys, book)
        named = _named(bench, reading, carried, rounded=rounded)
        named = tuple(replace(one, credit=one.credit * follow.credit) for one in named)
    if not named:
        named = _named(bench, reading, double_mistakes(variant, part.id, book), rounded=rounded)
    return named


def _accepted(bench: _Bench, part: KeyedPart, reading: Reading[Any]) -> str | None:
    """Return what to say of an answer that the author accepts beside the key, else None."""
    scope = _scope(bench, {})
    for accept in part.accept:
        try:
            key = bench.kind.solve(part.model_copy(update={"key": accept.key}), scope)
            if bench.judge(reading, key).right:
                return accept.say.fill(scope) or "Correct: accepted beside the key."
        except SolverError:
            continue  # the checker reports it; nobody loses by it
    return None


class _Follow:
    """The key of a part from the student's own earlier answers, where they lead to another one."""

    def __init__(self, bench: _Bench, part: KeyedPart, names: Mapping[str, Value]) -> None:
        self._bench = bench
        self.names = names
        self.credit = Fraction(part.follow_through)
        self.key: Value | None = None
        if names:
            try:
                self.key = bench.kind.solve(part, _scope(bench, names))
            except SolverError:
                self.key = None
        if _is_shortcut(self.key, bench.key, names, bench.variant.keys):
            self.key = None

    def judge(self, reading: Reading[Any]) -> Judgement:
        """Return how the answer compares with that key; not at all where there is none."""
        if self.key is None:
            return NOT
        try:
            return self._bench.judge(reading, self.key)
        except SolverError:
            return NOT


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


def _named(
    bench: _Bench, reading: Reading[Any], known: Known, *, rounded: bool
) -> tuple[Candidate, ...]:
    """Return the candidates of the highest rank that give this answer.

    Exactly, or, if none does and the answer is not the right value *rounded*, to telling digits.
    """
    matching = [one for one in known.candidates if _recognised(bench, reading, one)]
    if not matching and not rounded:
        matching = [one for one in known.candidates if bench.kind.resembles(reading, one.value)]
    best = max((one.rank for one in matching), default=0)
    return tuple(one for one in matching if one.rank == best)


def _recognised(bench: _Bench, reading: Reading[Any], one: Candidate) -> bool:
    try:
        return bench.kind.recognise(reading, one.value, bench.part, bench.seen)
    except SolverError:
        return False
