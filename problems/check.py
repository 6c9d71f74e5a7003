"""The checker: everything that can be known to be wrong with a problem before a student sees it."""

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from grader.book import Book
from grader.definitions.names import shown_names
from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart, Expectation, Problem
from grader.display.text import show
from grader.errors import GraderError, ProblemError, SolverError
from grader.expressions.evaluate import Scope
from grader.expressions.formula_equality import Formula, compare
from grader.grading.grade import grade
from grader.grading.result import Result
from grader.kinds import KINDS
from grader.kinds.formulas import FormulaPart
from grader.kinds.numbers import IntegerPart
from grader.reading.grammar.errors import shortened
from grader.values import Value
from grader.variants.variant import Variant, solve, unused_conditions
from problems.documents import Document, load_document
from problems.lint import accepted, endless, too_wide, untypable
from problems.loader import load_problem, load_source, read_source
from problems.publish import MAX_SEEDS, Clock, Publication, SeedReport, publish, untimed
from problems.telling import told_keys
from problems.texts import Proof, named, same_titles, text_faults, unproved

__all__ = ["Checked", "Report", "check_file", "check_problem", "check_text"]

LOOKED_AT: Final = 5
"""How many published variants are tried with texts and samples."""
FIELD: Final = re.compile(r"([a-z]+(?:\.\w+)*): ")


@dataclass(frozen=True, slots=True)
class Report:
    """What the checker found in one file: *errors* must be mended, *warnings* looked at.

    *accepted* says, by the parts that have a tolerance, which answers to them are right: in the
    original, or in the first variant.
    """

    file: str
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    seeds: SeedReport | None = None
    accepted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checked:
    """A report with the problem and the publication that it is about, as far as there are any."""

    report: Report
    problem: Problem | None = None
    publication: Publication | None = None


def check_file(
    path: Path, *, book: Book, seeds: int = MAX_SEEDS, proof: Proof = unproved
) -> Report:
    """Return the report of the file at *path*, with a publication of up to *seeds* seeds.

    *proof* tells what is wrong with a filled-in text.
    """
    try:
        text = read_source(path)
        problem = load_source(text, path, book=book)
    except ProblemError as error:
        return Report(str(path), tuple(str(one) for one in (error, *error.others)))
    check = _Check(book, seeds, proof)
    return _checked(problem, text, file=str(path), check=check).report


def check_text(
    text: str,
    *,
    file: str,
    book: Book,
    seeds: int = MAX_SEEDS,
    proof: Proof = unproved,
    clock: Clock = untimed,
) -> Checked:
    """Return the report of the problem that *text* states, with what was loaded and published."""
    try:
        problem = load_problem(text, file=file, book=book)
    except ProblemError as error:
        return Checked(Report(file, tuple(str(one) for one in (error, *error.others))))
    return _checked(problem, text, file=file, check=_Check(book, seeds, proof, clock))


def _checked(problem: Problem, text: str, *, file: str, check: "_Check") -> Checked:
    """Return what was found in a loaded problem, each with its line in *text*."""
    document = load_document(text, file=file)
    found, publication = _check(problem, "", check)
    errors, warnings = (
        tuple(f"{file}:{_line(one, problem, document)}: {one}" for one in listed)
        for listed in (found.errors, found.warnings)
    )
    report = replace(found, file=file, errors=errors, warnings=warnings)
    return Checked(report, problem, publication)


def check_problem(problem: Problem, *, file: str, book: Book, seeds: int = MAX_SEEDS) -> Report:
    """Return the report of a loaded problem."""
    return _check(problem, file, _Check(book, seeds, unproved))[0]


@dataclass(frozen=True, slots=True)
class _Check:
    """With what a problem is checked."""

    book: Book
    seeds: int
    proof: Proof
    clock: Clock = untimed


def _check(problem: Problem, file: str, check: _Check) -> tuple[Report, Publication | None]:
    """Return the report of a loaded problem and its publication, as far as that came."""
    book = check.book
    errors: list[str] = []
    warnings = [*_unexampled(problem), *_unnameable(problem), *same_titles(problem)]
    publication: Publication | None = None
    right: Mapping[str, str] = {}
    try:
        original = [solve(problem, None, book)] if problem.has_original else []
        errors += _failures(original, book)
        errors += [one for variant in original for one in too_wide(variant, book)]
        errors += [one for variant in original for one in untypable(variant)]
        if not errors:
            publication = publish(problem, book, limit=check.seeds, clock=check.clock)
            every = [*original, *publication.variants]
            variants = every[: len(original) + LOOKED_AT]
            errors += _failures(variants, book)
            errors += text_faults(problem, variants, book=book, proof=check.proof)
            errors += _samples(variants, book)
            errors += _examples(problem, book)
            right = accepted(every[0])
            warnings += [*_idle(problem, publication, book), *told_keys(variants, book)]
            warnings += endless(every)
    except GraderError as error:
        errors.append(str(error))
    before = f"{file}: " if file else ""
    placed = tuple(f"{before}{error}" for error in dict.fromkeys(errors))
    looked_at = tuple(f"{before}{warning}" for warning in warnings)
    walked = publication.report if publication else None
    return Report(file, placed, looked_at, walked, right), publication


def _line(message: str, problem: Problem, document: Document) -> int:
    """Return the line of the field that a *message* begins with; a part is named by its id."""
    found = FIELD.match(message)
    pieces: list[str | int] = []
    ids = [part.id for part in problem.parts]
    for piece in found[1].split(".") if found else ():
        if pieces == ["parts"] and piece in ids:
            pieces.append(ids.index(piece))
        else:
            pieces.append(int(piece) if piece.isdigit() else piece)
    return document.line(tuple(pieces))


def _failures(variants: list[Variant], book: Book) -> Iterator[str]:
    """Yield the keys, and what the author accepts or names, that cannot be computed."""
    for variant in variants:
        for failed, reason in variant.failures.items():
            yield f"parts.{failed}.key: {reason} ({named(variant)}); mend it or `require` it away"
        keys = {name: key for name, key in variant.keys.items() if key is not None}
        scope = Scope({**variant.names, **keys}, variant.scope(book).functions)
        for part in variant.problem.parts:
            if part.id in keys:
                yield from _unfit(part, keys[part.id], named(variant))
            if isinstance(part, KeyedPart):
                yield from _authored(part, scope, named(variant))


def _unfit(part: AnyPart, key: Value, name: str) -> Iterator[str]:
    """Yield what keeps a computed *key* from being an answer to its part."""
    if isinstance(part, IntegerPart) and not isinstance(key, int):
        yield f"parts.{part.id}.key: {show(key)} is not a whole number ({name}); use kind: number"
    if isinstance(part, FormulaPart):
        try:
            _compute(part, key)
        except SolverError as error:
            yield f"parts.{part.id}.key: {error} ({name}); mend it or narrow the variables"


def _compute(part: FormulaPart, value: Value | None) -> None:
    """Raise `SolverError` where a formula of *value* has no value at any of the sampled points."""
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, Formula):
            compare(one, one, part.sample)


def _authored(part: KeyedPart, scope: Scope, name: str) -> Iterator[str]:
    """Yield the accepted values and the mistakes of *part* that cannot be computed or told."""
    listed = [(f"accept.{at}", one.key, one.say) for at, one in enumerate(part.accept)]
    listed += [(f"mistakes.{one.id}", one.key, one.say) for one in part.mistakes]
    for place, key, say in listed:
        try:
            value = KINDS[part.kind].solve(part.model_copy(update={"key": key}), scope)
            say.fill(scope)
            if isinstance(part, FormulaPart):
                _compute(part, value)
        except SolverError as error:
            yield f"parts.{part.id}.{place}: {error} ({name}); mend it or remove it"


def _samples(variants: list[Variant], book: Book) -> Iterator[str]:
    """Yield where an answer made from the key is not judged as it must be, once a part."""
    told: set[str] = set()
    for variant in variants:
        for part in variant.problem.parts:
            if part.id in variant.failures or KINDS[part.kind].by_person:
                continue
            samples = KINDS[part.kind].samples(part, variant.keys[part.id])
            for typed in samples.right:
                result = _result(variant, part.id, typed, book)
                if result.status != "correct" and part.id not in told:
                    told.add(part.id)
                    yield (
                        f"parts.{part.id}: the key itself, typed {typed!r}, is {result.status}"
                        f" ({named(variant)}): {result.feedback}"
                    )


def _result(variant: Variant, part: str, typed: object, book: Book) -> Result:
    results = grade(variant, {part: typed}, book=book)  # type: ignore[dict-item]
    return next(result for result in results if result.part == part)


def _examples(problem: Problem, book: Book) -> Iterator[str]:
    for at, example in enumerate(problem.examples):
        variant = solve(problem, example.seed, book)
        results = {one.part: one for one in grade(variant, example.answers, book=book)}
        for part in problem.parts:
            if part.id in example.expect:
                place = f"examples.{at}.{part.id}"
                yield from _differences(place, part, example.expect[part.id], results[part.id])


def _differences(place: str, part: AnyPart, expected: Expectation, result: Result) -> Iterator[str]:
    if result.status != expected.status:
        told = f"{place}: is {result.status}, expected {expected.status}: {result.feedback}"
        yield f"{told}{_right(part, result)}"
    elif expected.mistakes is not None and set(expected.mistakes) != set(result.mistakes):
        named = ", ".join(result.mistakes) or "none"
        yield f"{place}: names {named}, expected {', '.join(expected.mistakes) or 'none'}"
    elif expected.credit is not None and result.credit != expected.credit:
        yield f"{place}: earns {result.credit}, expected {expected.credit}"


def _right(part: AnyPart, result: Result) -> str:
    """Return which answers would be right, where this one is wrong."""
    if result.status not in {"mistake", "partial", "wrong"}:
        return ""
    return f" Accepted: {shortened(KINDS[part.kind].accepted(part, result.against))}."


def _unexampled(problem: Problem) -> Iterator[str]:
    if not problem.examples:
        yield "there are no examples; add answers with the status that each must get"


def _unnameable(problem: Problem) -> Iterator[str]:
    """Yield the parts whose ids are words of expressions."""
    for part in problem.parts:
        if keyword.iskeyword(part.id):
            yield f"parts.{part.id}: {part.id!r} is a word of expressions; no later key can name it"


def _idle(problem: Problem, publication: Publication, book: Book) -> Iterator[str]:
    """Yield what is drawn and not shown, and the conditions and own mistakes that do nothing."""
    if not problem.is_drawn:
        return
    for name in sorted({*problem.drawn} - shown_names(problem)):
        yield f"params.{name}: no text shows it; write {{{{{name}}}}} into one, or remove it"
    for at in unused_conditions(problem, book):
        yield f"require.{at}: {problem.require[at].source!r} never refuses a draw; is it needed?"
    for part in problem.parts:
        if isinstance(part, KeyedPart):
            yield from _idle_mistakes(part, publication.report)


def _idle_mistakes(part: KeyedPart, walked: SeedReport) -> Iterator[str]:
    """Yield the author's mistakes in *part* that give the key, or what another one gives."""
    place, authored = f"parts.{part.id}.mistakes", [mistake.id for mistake in part.mistakes]
    for mistake in sorted(walked.inert.get(part.id, frozenset()).intersection(authored)):
        yield f"{place}.{mistake}: it gives the key in every draw; remove it"
    for one, two in walked.together.get(part.id, ()):
        if one in authored and two in authored:
            yield f"{place}.{two}: it gives what {one} gives in every draw; keep one of them"
