"""Checks of filled-in texts: which faults they have, and in which variant."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart, Problem
from grader.definitions.template import PLACEHOLDER_PATTERN, Template
from grader.errors import GraderError
from grader.kinds.choices import ChoicePart, ChoicesPart
from grader.kinds.texts import TextPart, find_phrases
from grader.lazy_regex import lazy_regex
from grader.registry import Registry
from grader.variants.variant import Variant

FORMULA_PATTERN: Final = lazy_regex(r"(?<!\\)(\$\$?)([^$]+)\1")
UPRIGHT_TEXT_PATTERN: Final = lazy_regex(r"\\(?:text\w*|math\w+|operatorname\*?)\s*\{[^{}]*\}")
"""Words that TeX sets as words."""
WORD_PATTERN: Final = lazy_regex(r"(?<![\\\w])[A-Za-z]\w*")
LONG_NAME_PATTERN: Final = lazy_regex(r"[A-Za-z]{3}")

TextValidator: TypeAlias = Callable[[str], Iterable[str]]
"""Returns the faults that rendering finds in a filled-in text, such as a bad formula."""
LocatedTemplate: TypeAlias = tuple[str, Template]


def find_no_faults(text: str) -> tuple[str, ...]:
    """Return no faults, for callers that do not render *text*."""
    del text
    return ()


def format_variant_label(variant: Variant) -> str:
    """Return the label of a variant in messages: ``original`` or ``seed 7``."""
    return "original" if variant.seed is None else f"seed {variant.seed}"


def find_text_faults(
    problem: Problem, variants: Iterable[Variant], *, registry: Registry, validator: TextValidator
) -> Iterator[str]:
    """Yield the texts that cannot be filled in, and the faults that *validator* finds.

    Faults are reported for one variant per text. A hint that cannot be filled in is
    reported with its key instead.
    """
    reported: set[str] = set()
    titles = {"title": problem.title}
    titles |= {f"parts.{part.id}.title": part.title for part in problem.parts}
    yield from (
        f"{place}: {fault}" for place, title in titles.items() for fault in validator(title)
    )
    for variant in variants:
        scope, solution_scope = variant.student_scope(registry), variant.solution_scope(registry)
        texts = [(*one, scope) for one in _iter_student_texts(problem)]
        texts += [(*one, solution_scope) for one in _iter_hints(problem)]
        for path, text, text_scope in texts:
            try:
                faults = [*validator(text.fill(text_scope))] if path not in reported else []
            except GraderError as error:
                if text_scope is scope:  # its key reports why a hint fails
                    yield f"{path}: {error} ({format_variant_label(variant)})"
            else:
                reported |= {path} if faults else set()
                yield from (
                    f"{path}: {fault} ({format_variant_label(variant)})" for fault in faults
                )


def _iter_student_texts(problem: Problem) -> Iterator[LocatedTemplate]:
    """Yield the texts that a student sees, each with its path in the file."""
    yield "statement", problem.statement
    yield "solution", problem.solution
    for part in problem.parts:
        yield f"parts.{part.id}.prompt", part.prompt
        if isinstance(part, (ChoicePart, ChoicesPart)):
            for name, text in part.options.items():
                yield f"parts.{part.id}.options.{name}", text
            for name, text in part.feedback.items():
                yield f"parts.{part.id}.feedback.{name}", text
        if isinstance(part, TextPart):
            yield f"parts.{part.id}.model", part.model
            for item in part.rubric:
                yield f"parts.{part.id}.rubric.{item.id}", item.say


def _iter_hints(problem: Problem) -> Iterator[LocatedTemplate]:
    """Yield the hints of accepted values and mistakes, which may refer to keys."""
    for part in problem.parts:
        yield from _iter_part_hints(part)


def _iter_part_hints(part: AnyPart) -> Iterator[LocatedTemplate]:
    if isinstance(part, KeyedPart):
        for index, value in enumerate(part.accept):
            yield f"parts.{part.id}.accept.{index}", value.say
        for mistake in part.mistakes:
            yield f"parts.{part.id}.mistakes.{mistake.id}", mistake.say


def find_duplicate_titles(problem: Problem) -> Iterator[str]:
    """Yield a warning for each part that has the same title as an earlier one."""
    first: dict[str, str] = {}
    for part in problem.parts:
        earlier = first.setdefault(part.title.casefold(), part.id)
        if part.title and earlier != part.id:
            message = f"{part.title!r} is the title of {earlier} too; tell them apart"
            yield f"parts.{part.id}.title: {message}"


def find_names_in_formulas(problem: Problem) -> Iterator[str]:
    """Yield a warning for each name of several letters that a formula shows letter by letter.

    TeX sets ``$kernel$`` as a product of six letters. Names such as ``dx`` are meant like that.
    """
    names = {name for name in (*problem.params, *problem.let) if LONG_NAME_PATTERN.search(name)}
    for path, text in (*_iter_student_texts(problem), *_iter_hints(problem)):
        source = UPRIGHT_TEXT_PATTERN.sub(" ", PLACEHOLDER_PATTERN.sub(" ", text.source))
        words = {
            word
            for formula in FORMULA_PATTERN.finditer(source)
            for word in WORD_PATTERN.findall(formula[2])
        }
        for name in sorted(names & words):
            yield (
                f"{path}: a formula shows the letters of {name!r} one by one; write "
                f"{{{{{name}}}}} for its value, or \\mathrm{{{name}}} for its name"
            )


def find_unused_phrases(problem: Problem, variant: Variant, *, registry: Registry) -> Iterator[str]:
    """Yield a warning for each rubric item none of whose phrases is in the model answer."""
    scope = variant.student_scope(registry)
    for part in problem.parts:
        if not isinstance(part, TextPart) or not part.model.source:
            continue
        model = part.model.fill(scope)
        for item in part.rubric:
            if item.look_for and not find_phrases(model, item.look_for):
                yield (
                    f"parts.{part.id}.rubric.{item.id}.look_for: none of these phrases is in the "
                    "model answer; name one that is"
                )
