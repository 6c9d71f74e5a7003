"""Answers of a synthetic student to a variant, submission by submission.

The student knows some parts, makes known mistakes in others, guesses or scribbles, and reacts to
feedback: hints often help, unreadable answers are typed again, some students give up, and some send
the same again. The engine grades every text before it is used, so that each submission has the
intended result.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Literal, TypeAlias

from api.demo.coursework.essays import essay, level_of
from api.demo.coursework.guesses import guesses, scrawls
from api.demo.coursework.notations import notations
from api.demo.people import Classmate
from api.demo.seeded_random import Dice
from grader.book import Book
from grader.diagnosis.mistakes import AUTHOR_RANK, NONE, Candidate
from grader.grading.carry import carried_names
from grader.grading.context import PartContext, contexts
from grader.grading.grade import grade
from grader.grading.result import Result
from grader.kinds.texts import TextPart
from grader.values import Value
from grader.variants.draw import Stream
from grader.variants.variant import Variant
from problems.book import BOOK

__all__ = ["Move", "Submission", "answers", "submissions"]

Move: TypeAlias = Literal["right", "slip", "guess", "scrawl", "words"]

OWN_RANK: Final = 60
"""How often an author's own mistake is made, on the scale of the book's ranks."""
FAVOURITE: Final = 5
"""How many times as often a student makes a mistake that is a habit."""
HEEDED: Final[Mapping[str, int]] = {"mistake": 30, "unreadable": 20, "wrong": 5, "partial": 25}
"""How much better a student does who was told that."""
MIDDLING: Final = 3
EASIER: Final = 9
HARDEST, EASIEST = 4, 96
BLANK: Final = 7
EXPLAINED: Final = 72
STRAYS: Final = 25
GIVES_UP: Final = 20
"""Percentages: parts left blank, errors that a known mistake explains, answers in another style
than the student's own, and rounds after which the student gives up."""
TRIED: Final = 8
"""How many texts are tried before a student does something else."""
DONE: Final = frozenset({"correct", "follow_through", "needs_review"})
MEANT: Final[Mapping[Move, frozenset[str]]] = {
    "right": frozenset({"correct", "follow_through"}),
    "slip": frozenset({"mistake"}),
    "guess": frozenset({"wrong", "partial"}),
    "scrawl": frozenset({"unreadable"}),
    "words": frozenset({"needs_review"}),
}
INSTEAD: Final[Mapping[Move, tuple[Move, ...]]] = {
    "right": ("right", "guess"),
    "slip": ("slip", "guess", "scrawl"),
    "guess": ("guess", "slip", "scrawl"),
    "scrawl": ("scrawl", "guess"),
    "words": ("words",),
}
"""What a student does where the move cannot be made, such as a mistake that no twin knows."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One submission: the typed text and the intended move of each part."""

    answers: Mapping[str, str]
    moves: Mapping[str, Move] = field(default_factory=dict)


def answers(
    variant: Variant, classmate: Classmate, stream: Stream, *, book: Book = BOOK
) -> Iterator[dict[str, str]]:
    """Yield the student's submissions in order, as typed texts by part."""
    for one in submissions(variant, classmate, stream, book=book):
        yield dict(one.answers)


def submissions(
    variant: Variant, classmate: Classmate, stream: Stream, *, book: Book = BOOK
) -> Iterator[Submission]:
    """Yield the student's submissions in order, with the intended moves."""
    dice = Dice(stream)
    sitting = _Sitting(variant, classmate, dice, book)
    yield from sitting.first()
    for _ in range(classmate.habits.patience):
        if not sitting.pending() or dice.chance(GIVES_UP):
            return
        yield from sitting.again()


class _Sitting:
    """Simulation of one student at one variant: texts sent, results, and carried answers."""

    def __init__(self, variant: Variant, classmate: Classmate, dice: Dice, book: Book) -> None:
        self._variant = variant
        self._classmate = classmate
        self._dice = dice
        self._book = book
        self._contexts = {context.part.id: context for context in contexts(variant, book)}
        self._own: dict[str, Value] = {}
        self._results: dict[str, Result] = {}
        self._sent: dict[str, str] = {}
        self._last = Submission({})

    def first(self) -> Iterator[Submission]:
        """Yield the first answers: all parts at once, or one after the other."""
        written = [self._write((part,)) for part in self._contexts if not self._dice.chance(BLANK)]
        sent = [one for one in written if one.answers]
        whole = sent if self._classmate.habits.piecemeal else [_joined(sent)]
        for one in whole:
            if one.answers:
                self._last = one
                yield one

    def pending(self) -> list[str]:
        """Return the parts that the student would try again."""
        return [
            part
            for part in self._contexts
            if part not in self._results or self._results[part].status not in DONE
        ]

    def again(self) -> Iterator[Submission]:
        """Yield the next try: the same submission again, or new answers to the wrong parts."""
        if self._dice.chance(self._classmate.habits.stubborn) and self._last.answers:
            yield self._last
            return
        held = dict(self._sent)
        found = self._write(tuple(self.pending()))
        if not found.answers:
            return
        if self._classmate.habits.resends:
            found = Submission({**held, **found.answers}, found.moves)
        self._last = found
        yield found

    def _write(self, parts: tuple[str, ...]) -> Submission:
        """Return answers to *parts*, each graded, so that later parts can carry earlier answers."""
        typed: dict[str, str] = {}
        moves: dict[str, Move] = {}
        for part in parts:
            for move in INSTEAD[self._move(self._contexts[part])]:
                result = self._made(self._contexts[part], move)
                if result is not None and isinstance(result.typed, str):
                    typed[part], moves[part] = result.typed, move
                    self._keep(result)
                    break
        return Submission(typed, moves)

    def _keep(self, result: Result) -> None:
        self._results[result.part] = result
        self._sent[result.part] = str(result.typed)
        if result.carries is not None:
            self._own[result.part] = result.carries

    def _move(self, context: PartContext) -> Move:
        """Return the student's move at a part; earlier feedback makes the right answer likelier."""
        if isinstance(context.part, TextPart):
            return "words"
        told = self._results.get(context.part.id)
        known = self._classmate.skill + EASIER * (MIDDLING - self._variant.problem.difficulty)
        known += HEEDED.get(told.status, 0) if told is not None else 0
        if self._dice.chance(max(HARDEST, min(known, EASIEST))):
            return "right"
        if self._dice.chance(self._classmate.habits.untidy):
            return "scrawl"
        return "slip" if self._dice.chance(EXPLAINED) else "guess"

    def _made(self, context: PartContext, move: Move) -> Result | None:
        """Return the result of the first text that makes the *move*; None if none does."""
        for typed, mistake in islice(self._texts(context, move), TRIED):
            result = self._judged(context, typed)
            if result.status in MEANT[move] and mistake in {"", *result.mistakes}:
                return result
        return None

    def _judged(self, context: PartContext, typed: str) -> Result:
        results = grade(self._variant, {context.part.id: typed}, book=self._book, carried=self._own)
        return next(one for one in results if one.part == context.part.id)

    def _texts(self, context: PartContext, move: Move) -> Iterator[tuple[str, str]]:
        """Yield texts for a *move*, each with the mistake that it should show, if any."""
        match move:
            case "right":
                yield from ((text, "") for text in self._right(context))
            case "slip":
                yield from self._slips(context)
            case "guess":
                for value in guesses(context.key, self._dice):
                    yield self._in_style(context, value)[0], ""
                samples = context.kind.samples(context.part, context.key).wrong
                yield from ((text, "") for text in samples if isinstance(text, str))
            case "scrawl":
                yield from ((text, "") for text in scrawls(context.part, context.key, self._dice))
            case "words":
                yield self._words(context), ""

    def _right(self, context: PartContext) -> Iterator[str]:
        """Yield answers that follow from the student's own earlier ones, then right answers."""
        for value in (self._followed(context), context.key):
            if value is not None:
                yield from self._in_style(context, value)[: TRIED // 2]
        samples = context.kind.samples(context.part, context.key).right
        yield from (text for text in samples if isinstance(text, str))

    def _followed(self, context: PartContext) -> Value | None:
        """Return the key computed from the student's carried answers; None if there are none."""
        if context.keyed is None:
            return None
        names = carried_names(self._variant, context.keyed, self._own, book=self._book)
        return context.solve(names) if names else None

    def _slips(self, context: PartContext) -> Iterator[tuple[str, str]]:
        """Yield the results of known mistakes; common ones and favorites tend to come first."""
        left = list(self._variant.mistakes.get(context.part.id, NONE).candidates)
        while left:
            one = self._dice.weighed(left, [self._weight(candidate) for candidate in left])
            left.remove(one)
            yield self._in_style(context, one.value)[0], one.ids[0]

    def _weight(self, one: Candidate) -> int:
        rank = OWN_RANK if one.rank == AUTHOR_RANK else one.rank
        usual = any(mistake in self._classmate.habits.favourites for mistake in one.ids)
        return max(1, rank) * (FAVOURITE if usual else 1)

    def _in_style(self, context: PartContext, value: Value) -> list[str]:
        """Return *value* in several notations, usually with the student's style first."""
        found = self._dice.shuffled(notations(value, context.part))
        own = self._classmate.habits.style
        if not self._dice.chance(STRAYS):
            found.sort(key=lambda one: one[0] != own)
        return [text for _, text in found]

    def _words(self, context: PartContext) -> str:
        level = level_of(self._classmate.skill, self._dice)
        part: Any = context.part
        return essay(part, self._variant.scope(self._book), level, self._dice)


def _joined(sent: list[Submission]) -> Submission:
    typed = {part: text for one in sent for part, text in one.answers.items()}
    return Submission(typed, {part: move for one in sent for part, move in one.moves.items()})
