"""Problem checker: finds the errors in a problem before a student sees it."""

import keyword
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from grader.definitions.name_checks import find_student_visible_names
from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart, Problem
from grader.display.text import to_text
from grader.errors import GraderError, ProblemError, SolverError
from grader.expressions.evaluate import Scope
from grader.expressions.formula_equality import BoundFormula, find_counterexample
from grader.kinds import KINDS
from grader.kinds.formulas import FormulaPart
from grader.kinds.numbers import IntegerPart
from grader.lazy_regex import lazy_regex
from grader.limits import PUBLISHED_SEEDS
from grader.registry import Registry
from grader.values import Value
from grader.variants.variant import Variant, find_redundant_conditions, solve_variant
from problems.checks.diagnosis_lint import (
    find_mistakes_equal_to_key,
    find_parts_without_mistakes,
    find_variant_shortage,
)
from problems.checks.examples import find_example_errors, find_sample_answer_errors
from problems.checks.lint import (
    describe_accepted_by_part,
    find_repeating_decimals,
    find_unsuitable_tolerances,
    find_untypable_keys,
    find_wide_tolerances,
)
from problems.checks.revealing_hints import find_revealing_hints
from problems.checks.texts import (
    TextValidator,
    find_duplicate_titles,
    find_names_in_formulas,
    find_no_faults,
    find_text_faults,
    find_unused_phrases,
    format_variant_label,
)
from problems.files.loader import load_problem, load_problem_as_file, read_problem_source
from problems.files.yaml_document import YamlDocument, load_document
from problems.publish import Clock, Publication, SeedReport, publish_problem, zero_clock

MAX_SAMPLED_VARIANTS: Final = 5
"""Number of published variants whose texts and sample answers are checked."""
FIELD_PATTERN: Final = lazy_regex(r"([a-z]+(?:\.\w+)*): ")


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Findings of the checker for one file: *errors* to fix, *warnings* to review.

    *accepted* describes, for each part with a tolerance, which answers are right: in
    the original, or else in the first variant.
    """

    file: str
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    seeds: SeedReport | None = None
    accepted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A report, with the problem and publication that it covers if they exist."""

    report: CheckReport
    problem: Problem | None = None
    publication: Publication | None = None


def check_file(
    path: Path,
    *,
    registry: Registry,
    seeds: int = PUBLISHED_SEEDS,
    validator: TextValidator = find_no_faults,
) -> CheckReport:
    """Return the report for the file at *path*, publishing up to *seeds* seeds.

    *validator* finds faults in filled-in texts.
    """
    try:
        text = read_problem_source(path)
        problem = load_problem_as_file(text, path, registry=registry)
    except ProblemError as error:
        return CheckReport(str(path), tuple(str(one) for one in (error, *error.others)))
    options = _CheckOptions(registry, seeds, validator)
    return _check_loaded_problem(problem, text, file=str(path), options=options).report


def check_text(
    text: str,
    *,
    file: str,
    registry: Registry,
    seeds: int = PUBLISHED_SEEDS,
    validator: TextValidator = find_no_faults,
    clock: Clock = zero_clock,
) -> CheckResult:
    """Return the report for the problem in *text*, with the problem and its publication."""
    try:
        problem = load_problem(text, file=file, registry=registry)
    except ProblemError as error:
        return CheckResult(CheckReport(file, tuple(str(one) for one in (error, *error.others))))
    return _check_loaded_problem(
        problem, text, file=file, options=_CheckOptions(registry, seeds, validator, clock)
    )


def _check_loaded_problem(
    problem: Problem, text: str, *, file: str, options: "_CheckOptions"
) -> CheckResult:
    """Return the findings for a loaded problem, each with its line in *text*."""
    document = load_document(text, file=file)
    unlocated, publication = _run_checks(problem, "", options)
    errors, warnings = (
        tuple(f"{file}:{_find_line(one, problem, document)}: {one}" for one in listed)
        for listed in (unlocated.errors, unlocated.warnings)
    )
    report = replace(unlocated, file=file, errors=errors, warnings=warnings)
    return CheckResult(report, problem, publication)


def check_problem(
    problem: Problem, *, file: str, registry: Registry, seeds: int = PUBLISHED_SEEDS
) -> CheckReport:
    """Return the report for a loaded problem; its findings have no line numbers."""
    return _run_checks(problem, file, _CheckOptions(registry, seeds, find_no_faults))[0]


@dataclass(frozen=True, slots=True)
class _CheckOptions:
    registry: Registry
    seeds: int
    validator: TextValidator
    clock: Clock = zero_clock


def _run_checks(
    problem: Problem, file: str, options: _CheckOptions
) -> tuple[CheckReport, Publication | None]:
    """Return the report for a loaded problem, and its publication if it succeeded."""
    registry, validator = options.registry, options.validator
    errors: list[str] = []
    warnings = [*_find_missing_examples(problem), *_find_reserved_ids(problem)]
    warnings += [*find_duplicate_titles(problem), *find_names_in_formulas(problem)]
    publication: Publication | None = None
    accepted_answers: Mapping[str, str] = {}
    try:
        original = [solve_variant(problem, None, registry)] if problem.has_original else []
        errors += _find_computation_errors(original, registry)
        errors += [one for variant in original for one in find_wide_tolerances(variant, registry)]
        errors += [one for variant in original for one in find_untypable_keys(variant)]
        if not errors:
            publication = publish_problem(
                problem, registry, limit=options.seeds, clock=options.clock
            )
            all_variants = [*original, *publication.variants]
            variants = all_variants[: len(original) + MAX_SAMPLED_VARIANTS]
            errors += _find_computation_errors(variants, registry)
            errors += find_text_faults(problem, variants, registry=registry, validator=validator)
            errors += find_sample_answer_errors(variants, registry)
            errors += find_example_errors(problem, registry)
            accepted_answers = describe_accepted_by_part(all_variants[0])
            warnings += _find_unused_definitions(problem, publication, registry)
            warnings += find_revealing_hints(variants, registry)
            warnings += find_unused_phrases(problem, variants[0], registry=registry)
            warnings += find_repeating_decimals(all_variants)
            warnings += find_unsuitable_tolerances(variants)
            warnings += find_parts_without_mistakes(problem, registry)
            warnings += find_variant_shortage(publication.report, options.seeds)
            warnings += find_mistakes_equal_to_key(publication.report)
    except GraderError as error:
        errors.append(str(error))
    prefix = f"{file}: " if file else ""
    report = CheckReport(
        file,
        tuple(f"{prefix}{error}" for error in dict.fromkeys(errors)),
        tuple(f"{prefix}{warning}" for warning in warnings),
        publication.report if publication else None,
        accepted_answers,
    )
    return report, publication


def _find_line(message: str, problem: Problem, document: YamlDocument) -> int:
    """Return the line of the field that starts *message*, which names parts by id."""
    match = FIELD_PATTERN.match(message)
    pieces: list[str | int] = []
    ids = [part.id for part in problem.parts]
    for piece in match[1].split(".") if match else ():
        if pieces == ["parts"] and piece in ids:
            pieces.append(ids.index(piece))
        else:
            pieces.append(int(piece) if piece.isdigit() else piece)
    return document.find_line(tuple(pieces))


def _find_computation_errors(variants: list[Variant], registry: Registry) -> Iterator[str]:
    """Yield an error for each key, accepted value or mistake that cannot be computed."""
    for variant in variants:
        for part_id, reason in variant.failures.items():
            label = format_variant_label(variant)
            yield f"parts.{part_id}.key: {reason} ({label}); fix it or `require` it away"
        keys = {name: key for name, key in variant.keys.items() if key is not None}
        scope = Scope({**variant.names, **keys}, variant.student_scope(registry).functions)
        for part in variant.problem.parts:
            if part.id in keys:
                yield from _find_key_errors(part, keys[part.id], format_variant_label(variant))
            if isinstance(part, KeyedPart):
                yield from _find_authored_value_errors(part, scope, format_variant_label(variant))


def _find_key_errors(part: AnyPart, key: Value, label: str) -> Iterator[str]:
    """Yield an error if a computed *key* is not a valid answer to its part."""
    if isinstance(part, IntegerPart) and not isinstance(key, int):
        fault = f"{to_text(key)} is not a whole number ({label})"
        yield f"parts.{part.id}.key: {fault}; use kind: number"
    if isinstance(part, FormulaPart):
        try:
            _check_formula_evaluates(part, key)
        except SolverError as error:
            yield f"parts.{part.id}.key: {error} ({label}); fix it or narrow the variables"


def _check_formula_evaluates(part: FormulaPart, value: Value | None) -> None:
    """Raise `SolverError` if a formula in *value* has no value at any sampled point."""
    for component in value if isinstance(value, tuple) else (value,):
        if isinstance(component, BoundFormula):
            find_counterexample(component, component, part.comparison_points)


def _find_authored_value_errors(part: KeyedPart, scope: Scope, label: str) -> Iterator[str]:
    """Yield an error for each accepted value or mistake of *part* that cannot be computed.

    An entry whose hint cannot be filled in is an error too.
    """
    entries = [(f"accept.{index}", one.key, one.say) for index, one in enumerate(part.accept)]
    entries += [(f"mistakes.{mistake.id}", mistake.key, mistake.say) for mistake in part.mistakes]
    for path, key, say in entries:
        try:
            value = KINDS[part.kind].solve(part.model_copy(update={"key": key}), scope)
            say.fill(scope)
            if isinstance(part, FormulaPart):
                _check_formula_evaluates(part, value)
        except SolverError as error:
            yield f"parts.{part.id}.{path}: {error} ({label}); fix it or remove it"


def _find_missing_examples(problem: Problem) -> Iterator[str]:
    if not problem.examples:
        yield "there are no examples; add answers with the status that each must get"


def _find_reserved_ids(problem: Problem) -> Iterator[str]:
    """Yield a warning for each part whose id is a reserved word in expressions."""
    for part in problem.parts:
        if keyword.iskeyword(part.id):
            yield f"parts.{part.id}: {part.id!r} is a word of expressions; no later key can name it"


def _find_unused_definitions(
    problem: Problem, publication: Publication, registry: Registry
) -> Iterator[str]:
    """Yield warnings for parameters not shown, and conditions and mistakes without effect."""
    if not problem.has_drawn_params:
        return
    for name in sorted({*problem.drawn_param_names} - find_student_visible_names(problem)):
        yield f"params.{name}: no text shows it; write {{{{{name}}}}} into one, or remove it"
    for index in find_redundant_conditions(problem, registry):
        source = problem.require[index].source
        yield f"require.{index}: {source!r} never refuses a draw; is it needed?"
    for part in problem.parts:
        if isinstance(part, KeyedPart):
            yield from _find_redundant_mistakes(part, publication.report)


def _find_redundant_mistakes(part: KeyedPart, seed_report: SeedReport) -> Iterator[str]:
    """Yield the author's mistakes in *part* that always give the key or another's value."""
    path, authored = f"parts.{part.id}.mistakes", [mistake.id for mistake in part.mistakes]
    for mistake in sorted(seed_report.inert.get(part.id, frozenset()).intersection(authored)):
        yield f"{path}.{mistake}: it gives the key in every draw; remove it"
    for first, second in seed_report.together.get(part.id, ()):
        if first in authored and second in authored:
            yield f"{path}.{second}: it gives what {first} gives in every draw. Keep one of them"
