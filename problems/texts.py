"""The texts of a problem filled in: what keeps one from being shown, and in which variant."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from grader.book import Book
from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart, Problem
from grader.definitions.template import Template
from grader.errors import GraderError
from grader.kinds.choices import ChoicePart, ChoicesPart
from grader.kinds.texts import TextPart
from grader.variants.variant import Variant

__all__ = ["Proof", "named", "same_titles", "text_faults", "unproved"]

Proof: TypeAlias = Callable[[str], Iterable[str]]
"""What whoever shows a filled-in text finds wrong with it, such as a formula that is none."""
Placed: TypeAlias = tuple[str, Template]


def unproved(text: str) -> tuple[str, ...]:
    """Return nothing: where no page shows *text*, nothing is wrong with it."""
    del text
    return ()


def named(variant: Variant) -> str:
    """Return what a message calls a variant."""
    return "original" if variant.seed is None else f"seed {variant.seed}"


def text_faults(
    problem: Problem, variants: Iterable[Variant], *, book: Book, proof: Proof
) -> Iterator[str]:
    """Yield the texts that cannot be filled in, and what *proof* finds, once for each text."""
    told: set[str] = set()
    titles = {"title": problem.title}
    titles |= {f"parts.{part.id}.title": part.title for part in problem.parts}
    yield from (f"{place}: {fault}" for place, title in titles.items() for fault in proof(title))
    for variant in variants:
        scope, solved = variant.scope(book), variant.solved(book)
        texts = [(*one, scope) for one in _texts(problem)]
        texts += [(*one, solved) for one in _hints(problem)]
        for place, text, seen in texts:
            try:
                found = [*proof(text.fill(seen))] if place not in told else []
            except GraderError as error:
                if seen is scope:  # why a hint cannot be filled in is told with its key
                    yield f"{place}: {error} ({named(variant)})"
            else:
                told |= {place} if found else set()
                yield from (f"{place}: {fault} ({named(variant)})" for fault in found)


def _texts(problem: Problem) -> Iterator[Placed]:
    """Yield the texts that a student sees, each with its place in the file."""
    yield "statement", problem.statement
    yield "solution", problem.solution
    for part in problem.parts:
        yield f"parts.{part.id}.prompt", part.prompt
        if isinstance(part, (ChoicePart, ChoicesPart)):
            for name, text in part.options.items():
                yield f"parts.{part.id}.options.{name}", text
        if isinstance(part, TextPart):
            yield f"parts.{part.id}.model", part.model
            for item in part.rubric:
                yield f"parts.{part.id}.rubric.{item.id}", item.say


def _hints(problem: Problem) -> Iterator[Placed]:
    """Yield what is said of accepted values and of mistakes, which may name keys."""
    for part in problem.parts:
        yield from _hints_of(part)


def _hints_of(part: AnyPart) -> Iterator[Placed]:
    if isinstance(part, KeyedPart):
        for at, value in enumerate(part.accept):
            yield f"parts.{part.id}.accept.{at}", value.say
        for mistake in part.mistakes:
            yield f"parts.{part.id}.mistakes.{mistake.id}", mistake.say


def same_titles(problem: Problem) -> Iterator[str]:
    """Yield the parts that people cannot tell from an earlier one by their titles."""
    first: dict[str, str] = {}
    for part in problem.parts:
        earlier = first.setdefault(part.title.casefold(), part.id)
        if part.title and earlier != part.id:
            said = f"{part.title!r} is the title of {earlier} too; tell them apart"
            yield f"parts.{part.id}.title: {said}"
