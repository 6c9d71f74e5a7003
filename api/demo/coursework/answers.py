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

from api.demo.coursework.essays import choose_knowledge_level, write_essay
from api.demo.coursework.guesses import generate_guesses, generate_unreadable_texts
from api.demo.coursework.notations import render_notations
from api.demo.people import StudentProfile
from api.demo.seeded_random import SeededRandom
from grader.diagnosis.mistakes import AUTHOR_RANK, NO_MISTAKES, MistakeCandidate
from grader.grading.carried_answers import collect_carried_values
from grader.grading.context import PartContext, get_part_contexts
from grader.grading.grade import grade
from grader.grading.result import PartResult
from grader.kinds.texts import TextPart
from grader.registry import Registry
from grader.values import Value
from grader.variants.random_stream import RandomStream
from grader.variants.variant import Variant
from problems.registry import REGISTRY

AnswerIntent: TypeAlias = Literal["right", "slip", "guess", "scrawl", "words"]

AUTHOR_MISTAKE_RANK: Final = 60
"""Rank of an author's own mistake, on the frequency scale of the book."""
FAVORITE_MISTAKE_WEIGHT: Final = 5
"""Factor by which a student makes a habitual mistake more often."""
FEEDBACK_SKILL_GAIN: Final[Mapping[str, int]] = {
    "mistake": 30,
    "unreadable": 20,
    "wrong": 5,
    "partial": 25,
}
"""Gain in skill after feedback, by the status of the last result."""
AVERAGE_DIFFICULTY: Final = 3
SKILL_PER_DIFFICULTY: Final = 9
MIN_CORRECT_PERCENT, MAX_CORRECT_PERCENT = 4, 96
BLANK_PERCENT: Final = 7
KNOWN_MISTAKE_PERCENT: Final = 72
OTHER_STYLE_PERCENT: Final = 25
GIVE_UP_PERCENT: Final = 20
"""Percentage of rounds after which the student gives up.

The percentages above are those of parts left blank, of errors that a known mistake
explains, and of answers in another style than the student's own.
"""
MAX_TRIED_TEXTS: Final = 8
"""Number of texts to try before the student makes another move."""
FINAL_STATUSES: Final = frozenset({"correct", "follow_through", "needs_review"})
INTENDED_STATUSES: Final[Mapping[AnswerIntent, frozenset[str]]] = {
    "right": frozenset({"correct", "follow_through"}),
    "slip": frozenset({"mistake"}),
    "guess": frozenset({"wrong", "partial"}),
    "scrawl": frozenset({"unreadable"}),
    "words": frozenset({"needs_review"}),
}
FALLBACK_INTENTS: Final[Mapping[AnswerIntent, tuple[AnswerIntent, ...]]] = {
    "right": ("right", "guess"),
    "slip": ("slip", "guess", "scrawl"),
    "guess": ("guess", "slip", "scrawl"),
    "scrawl": ("scrawl", "guess"),
    "words": ("words",),
}
"""Moves to try for each intent, in order.

A move may be impossible, such as a mistake without a wrong version.
"""


@dataclass(frozen=True, slots=True)
class SimulatedSubmission:
    """One submission: the typed text and the intended move of each part."""

    answers: Mapping[str, str]
    intents: Mapping[str, AnswerIntent] = field(default_factory=dict)


def generate_submitted_texts(
    variant: Variant,
    profile: StudentProfile,
    stream: RandomStream,
    *,
    registry: Registry = REGISTRY,
) -> Iterator[dict[str, str]]:
    """Yield the student's submissions in order, as typed texts by part."""
    for submission in simulate_submissions(variant, profile, stream, registry=registry):
        yield dict(submission.answers)


def simulate_submissions(
    variant: Variant,
    profile: StudentProfile,
    stream: RandomStream,
    *,
    registry: Registry = REGISTRY,
) -> Iterator[SimulatedSubmission]:
    """Yield the student's submissions in order, with the intended moves."""
    rng = SeededRandom(stream)
    simulation = _StudentSimulation(variant, profile, rng, registry)
    yield from simulation.generate_first_submissions()
    for _ in range(profile.habits.patience):
        if not simulation.find_parts_to_retry() or rng.chance(GIVE_UP_PERCENT):
            return
        yield from simulation.generate_retry_submissions()


class _StudentSimulation:
    """Simulation of one student at one variant: texts sent, results, and carried answers."""

    def __init__(
        self, variant: Variant, profile: StudentProfile, rng: SeededRandom, registry: Registry
    ) -> None:
        self._variant = variant
        self._profile = profile
        self._rng = rng
        self._registry = registry
        self._contexts = {
            context.part.id: context for context in get_part_contexts(variant, registry)
        }
        self._carried_values: dict[str, Value] = {}
        self._results: dict[str, PartResult] = {}
        self._sent_texts: dict[str, str] = {}
        self._last_submission = SimulatedSubmission({})

    def generate_first_submissions(self) -> Iterator[SimulatedSubmission]:
        """Yield the first answers: all parts at once, or one after the other."""
        written = [
            self._answer_parts((part,))
            for part in self._contexts
            if not self._rng.chance(BLANK_PERCENT)
        ]
        nonempty = [one for one in written if one.answers]
        submissions = nonempty if self._profile.habits.piecemeal else [_merge_submissions(nonempty)]
        for submission in submissions:
            if submission.answers:
                self._last_submission = submission
                yield submission

    def find_parts_to_retry(self) -> list[str]:
        """Return the parts that the student would try again."""
        return [
            part
            for part in self._contexts
            if part not in self._results or self._results[part].status not in FINAL_STATUSES
        ]

    def generate_retry_submissions(self) -> Iterator[SimulatedSubmission]:
        """Yield the next try: the same submission again, or new answers to the wrong parts."""
        if self._rng.chance(self._profile.habits.stubborn) and self._last_submission.answers:
            yield self._last_submission
            return
        earlier_texts = dict(self._sent_texts)
        submission = self._answer_parts(tuple(self.find_parts_to_retry()))
        if not submission.answers:
            return
        if self._profile.habits.resends:
            submission = SimulatedSubmission(
                {**earlier_texts, **submission.answers}, submission.intents
            )
        self._last_submission = submission
        yield submission

    def _answer_parts(self, parts: tuple[str, ...]) -> SimulatedSubmission:
        """Return answers to *parts*, each graded, so that later parts can carry earlier answers."""
        typed: dict[str, str] = {}
        intents: dict[str, AnswerIntent] = {}
        for part in parts:
            for intent in FALLBACK_INTENTS[self._choose_intent(self._contexts[part])]:
                result = self._find_result(self._contexts[part], intent)
                if result is not None and isinstance(result.typed, str):
                    typed[part], intents[part] = result.typed, intent
                    self._store_result(result)
                    break
        return SimulatedSubmission(typed, intents)

    def _store_result(self, result: PartResult) -> None:
        self._results[result.part] = result
        self._sent_texts[result.part] = str(result.typed)
        if result.carries is not None:
            self._carried_values[result.part] = result.carries

    def _choose_intent(self, context: PartContext) -> AnswerIntent:
        """Return the student's move at a part; earlier feedback makes the right answer likelier."""
        if isinstance(context.part, TextPart):
            return "words"
        last_result = self._results.get(context.part.id)
        correct_percent = self._profile.skill + SKILL_PER_DIFFICULTY * (
            AVERAGE_DIFFICULTY - self._variant.problem.difficulty
        )
        correct_percent += (
            FEEDBACK_SKILL_GAIN.get(last_result.status, 0) if last_result is not None else 0
        )
        if self._rng.chance(max(MIN_CORRECT_PERCENT, min(correct_percent, MAX_CORRECT_PERCENT))):
            return "right"
        if self._rng.chance(self._profile.habits.untidy):
            return "scrawl"
        return "slip" if self._rng.chance(KNOWN_MISTAKE_PERCENT) else "guess"

    def _find_result(self, context: PartContext, intent: AnswerIntent) -> PartResult | None:
        """Return the result of the first text that makes the *intent*; None if none does."""
        for typed, mistake in islice(self._generate_texts(context, intent), MAX_TRIED_TEXTS):
            result = self._grade_text(context, typed)
            if result.status in INTENDED_STATUSES[intent] and mistake in {"", *result.mistakes}:
                return result
        return None

    def _grade_text(self, context: PartContext, typed: str) -> PartResult:
        results = grade(
            self._variant,
            {context.part.id: typed},
            registry=self._registry,
            carried=self._carried_values,
        )
        return next(result for result in results if result.part == context.part.id)

    def _generate_texts(
        self, context: PartContext, intent: AnswerIntent
    ) -> Iterator[tuple[str, str]]:
        """Yield texts for an *intent*, each with the mistake that it should show, if any."""
        match intent:
            case "right":
                yield from ((text, "") for text in self._generate_right_texts(context))
            case "slip":
                yield from self._generate_mistaken_texts(context)
            case "guess":
                for value in generate_guesses(context.key, self._rng):
                    yield self._render_in_style(context, value)[0], ""
                samples = context.kind.build_samples(context.part, context.key).wrong
                yield from ((text, "") for text in samples if isinstance(text, str))
            case "scrawl":
                yield from (
                    (text, "")
                    for text in generate_unreadable_texts(context.part, context.key, self._rng)
                )
            case "words":
                yield self._write_essay_for_skill(context), ""

    def _generate_right_texts(self, context: PartContext) -> Iterator[str]:
        """Yield answers that follow from the student's own earlier ones, then right answers."""
        for value in (self._solve_with_carried_answers(context), context.key):
            if value is not None:
                yield from self._render_in_style(context, value)[: MAX_TRIED_TEXTS // 2]
        samples = context.kind.build_samples(context.part, context.key).right
        yield from (text for text in samples if isinstance(text, str))

    def _solve_with_carried_answers(self, context: PartContext) -> Value | None:
        """Return the key computed from the student's carried answers; None if there are none."""
        if context.keyed is None:
            return None
        names = collect_carried_values(
            self._variant, context.keyed, self._carried_values, registry=self._registry
        )
        return context.solve_with_carried(names) if names else None

    def _generate_mistaken_texts(self, context: PartContext) -> Iterator[tuple[str, str]]:
        """Yield the results of known mistakes; common ones and favorites tend to come first."""
        candidates = list(self._variant.mistakes.get(context.part.id, NO_MISTAKES).candidates)
        while candidates:
            mistake = self._rng.pick_weighted(
                candidates, [self._weigh_candidate(candidate) for candidate in candidates]
            )
            candidates.remove(mistake)
            yield self._render_in_style(context, mistake.value)[0], mistake.ids[0]

    def _weigh_candidate(self, candidate: MistakeCandidate) -> int:
        rank = AUTHOR_MISTAKE_RANK if candidate.rank == AUTHOR_RANK else candidate.rank
        is_favorite = any(mistake in self._profile.habits.favorites for mistake in candidate.ids)
        return max(1, rank) * (FAVORITE_MISTAKE_WEIGHT if is_favorite else 1)

    def _render_in_style(self, context: PartContext, value: Value) -> list[str]:
        """Return *value* in several notations, usually with the student's style first."""
        styled_texts = self._rng.shuffled(render_notations(value, context.part))
        preferred_style = self._profile.habits.style
        if not self._rng.chance(OTHER_STYLE_PERCENT):
            styled_texts.sort(key=lambda item: item[0] != preferred_style)
        return [text for _, text in styled_texts]

    def _write_essay_for_skill(self, context: PartContext) -> str:
        level = choose_knowledge_level(self._profile.skill, self._rng)
        part: Any = context.part
        return write_essay(part, self._variant.student_scope(self._registry), level, self._rng)


def _merge_submissions(submissions: list[SimulatedSubmission]) -> SimulatedSubmission:
    typed = {part: text for submission in submissions for part, text in submission.answers.items()}
    return SimulatedSubmission(
        typed,
        {part: move for submission in submissions for part, move in submission.intents.items()},
    )
