"""Kind whose answer is a set in any order: `set`, of numbers, shapes or names."""

from collections.abc import Hashable, Sequence
from fractions import Fraction
from typing import Annotated, ClassVar, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from grader.definitions.parts import KeyedPart
from grader.display.mathml import list_element
from grader.display.text import pluralize, to_text
from grader.errors import SolverError
from grader.expressions.evaluate import Scope
from grader.grading.tolerance import (
    EXACT_TOLERANCE,
    Tolerance,
    ToleranceRule,
    describe_tolerance,
    find_cell_rule,
)
from grader.kinds.base import RIGHT_BY_RULE, WRONG, AnswerKind, Judgement, SampleAnswers
from grader.reading import RawAnswer, Reading
from grader.reading.lists.ranges import expand_range_to_items
from grader.reading.lists.set_sentences import build_sentence_reader, drop_clause_about_nonmembers
from grader.reading.restatements.phrases import strip_phrases
from grader.reading.restatements.question_echo import build_echo_stripper, strip_echo
from grader.reading.restatements.rewriting import Rewriter
from grader.reading.restatements.shapes import drop_item_names, drop_item_order_remark
from grader.reading.restatements.steps.listed_items import (
    drop_clause_about_others,
    keep_items_behind_sentence,
)
from grader.reading.restatements.surroundings.harmless_remarks import drop_comparison_of_equals
from grader.reading.restatements.working.concluded_values import keep_last_conclusion
from grader.reading.restatements.working.conclusions import keep_asked_equation
from grader.reading.screening.labels import refuse_bracketed_item
from grader.reading.sets import MAX_ITEMS, ItemKind, format_set, read_set
from grader.values import Tensor, Value, absolute_value, is_number

Items: TypeAlias = tuple[Value, ...]
ItemName: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[^\s,;=:&()\[\]{}'\"]+$", max_length=64)
]


class SetPart(KeyedPart):
    """A set of numbers, shapes or names; the key is a tuple of them.

    Names are some of `options`. Credit is given for all items together, or by item: each one that
    does not belong takes back one that does.
    """

    kind: Literal["set"]
    of: ItemKind = "number"
    options: Annotated[tuple[ItemName, ...], Field(max_length=MAX_ITEMS)] = ()
    tolerance: Tolerance = EXACT_TOLERANCE
    credit_by: Literal["item", "all"] = "all"

    @model_validator(mode="after")
    def _check_item_fields(self) -> Self:
        if (self.of == "name") != bool(self.options):
            raise ValueError(
                "`of: name` needs `options`, the list of possible names; no other set takes them"
            )
        if len({name.casefold() for name in self.options}) < len(self.options):
            raise ValueError("two options have the same name; give each its own")
        if self.of != "number" and self.tolerance.widest_rule != "exact":
            raise ValueError(f"a set of {self.of}s is exact; leave the tolerance out")
        return self


class SetKind(AnswerKind[SetPart, Items]):
    """Kind of a set: ``{3, 5}``, ``3×3 and 5×5``, ``conv1, conv3``."""

    part: ClassVar[type[SetPart]] = SetPart
    max_characters = 20_000
    hint = "All of them, in any order, separated by commas."
    example = "3, 5"

    def get_rewriters(self, part: SetPart) -> tuple[Rewriter, ...]:
        """Return the rewritings to try, in order, on an answer that cannot be read."""
        if part.of == "name":
            return (
                strip_phrases,
                drop_item_order_remark,
                drop_clause_about_nonmembers,
                drop_clause_about_others,
                build_sentence_reader(part.options),
                build_echo_stripper(part.options, formula=False),
            )
        if part.of == "integer":
            return (
                drop_comparison_of_equals,
                strip_phrases,
                expand_range_to_items,
                keep_asked_equation,
                drop_item_order_remark,
                drop_clause_about_nonmembers,
                drop_clause_about_others,
                keep_items_behind_sentence,
                build_sentence_reader(),
                strip_echo,
                keep_last_conclusion,
            )
        return (
            strip_phrases,
            drop_item_names if part.of == "shape" else drop_item_order_remark,
            strip_echo,
            keep_last_conclusion,
        )

    def read(self, typed: RawAnswer, part: SetPart, scope: Scope) -> Reading[Items]:
        """Return the items, sorted, without duplicates."""
        del scope
        if isinstance(typed, str) and part.of == "integer":
            refuse_bracketed_item(typed)
        return read_set(typed, of=part.of, names=part.options)

    def solve(self, part: SetPart, scope: Scope) -> Value | None:
        """Return the items of the key, sorted, without duplicates, or raise `SolverError`."""
        items = tuple(dict.fromkeys(_get_key_items(super().solve(part, scope))))
        if len(items) > MAX_ITEMS:
            raise SolverError(f"the key has {len(items)} items, more than {MAX_ITEMS}")
        if not all(_is_valid_item(item, part) for item in items):
            raise SolverError(f"the key is not a tuple of {part.of}s")
        if part.of == "name":
            return tuple(name for name in part.options if name in items)
        return tuple(sorted(items))  # type: ignore[type-var]  # `_is_valid_item` ensures one type

    def judge(
        self, reading: Reading[Items], key: Value | None, part: SetPart, scope: Scope
    ) -> Judgement:
        """Return the credit for all items or by item; a shape with other axes is a misfit."""
        del scope
        answer = reading.value
        if not isinstance(key, tuple):
            return WRONG
        if answer == key:
            return RIGHT_BY_RULE["exact"]
        if part.of == "shape" and (misfit := _describe_axis_count_mismatch(answer, key)):
            return Judgement(WRONG.credit, form_mismatch=misfit, rule="cells")
        rules = _match_items(answer, key, part)
        right = len(rules) - rules.count(None)
        if right == len(answer) == len(key):
            return RIGHT_BY_RULE["rounding" if "rounding" in rules else "tolerance"]
        item = part.credit_by == "item"
        credit = (
            _compute_net_share(right, len(answer) - right, of=len(key)) if item else WRONG.credit
        )
        first_wrong = to_text(answer[rules.index(None)]) if None in rules else "an item is missing"
        cells = tuple(rule is not None for rule in rules)
        return Judgement(credit, cells=cells, rule="cells", first_wrong=first_wrong)

    def describe_accepted(self, part: SetPart, key: Value | None) -> str:
        """Return in words which answers are right for *key*."""
        if not isinstance(key, tuple) or part.tolerance.widest_rule == "exact":
            return super().describe_accepted(part, key)
        return f"{self.format_key(key, part)}, each {describe_tolerance(part.tolerance)}"

    def lookup_key(self, value: Items | Value, part: SetPart) -> Hashable | None:
        """Return the items themselves; they are sorted, so that equal sets are equal tuples."""
        del part
        return value if isinstance(value, tuple) else None

    def matches_mistake(
        self, reading: Reading[Items], value: Value, part: SetPart, scope: Scope
    ) -> bool:
        """Return whether the items are those of *value*, the result of a known mistake."""
        del part, scope
        return reading.value == value

    def describe_errors(
        self, reading: Reading[Items], cells: tuple[bool, ...], part: SetPart
    ) -> str:
        """Return a sentence that lists the wrong items, or says that some are missing."""
        del part
        wrong = [
            to_text(item) for item, right in zip(reading.value, cells, strict=True) if not right
        ]
        return f"Incorrect: {', '.join(wrong)}." if wrong else "Something is missing."

    def to_mathml(self, value: Items, part: SetPart, scope: Scope) -> str:
        """Return the items in braces."""
        del part, scope
        return list_element(value, opening="{", closing="}")

    def format_key(self, value: Value | None, part: SetPart | None = None) -> str:
        """Return the items of a key in braces."""
        return format_set(value) if isinstance(value, tuple) else super().format_key(value, part)

    def build_samples(self, part: SetPart, key: Value | None) -> SampleAnswers:
        """Return the key in two orders, the key with an item added or removed, and broken text."""
        broken = ("{1, ...}", "no such thing", "(((", "{1, nan}")
        if not isinstance(key, tuple):
            return SampleAnswers((), (), broken)
        another = _find_item_outside_key(key, part)
        wrong = key[1:] if another is None else (*key, another)
        turned = "; ".join(map(to_text, reversed(key))) or "none"
        return SampleAnswers((format_set(key), turned), (format_set(wrong),), broken)


def _get_key_items(value: Value | None) -> Items:
    """Return the items of a key: of a tuple or vector, rows of a matrix, or the value itself."""
    if isinstance(value, Tensor):
        rows = tuple(value.rows())
        return tuple(row.cells if isinstance(row, Tensor) else row for row in rows)
    if isinstance(value, tuple):
        return value
    return () if value is None else (value,)


def _is_valid_item(item: Value, part: SetPart) -> bool:
    match part.of:
        case "number":
            return is_number(item)
        case "integer":
            return type(item) is int
        case "shape":
            return isinstance(item, tuple) and bool(item) and all(type(one) is int for one in item)
        case "name":
            return item in part.options


def _match_items(answer: Items, key: Items, part: SetPart) -> list[ToleranceRule | None]:
    """Return the rule by which each item matches its own item of the key; None for no match.

    Uses a maximum bipartite matching: an item moves to another match to make room.
    """
    if part.tolerance.widest_rule == "exact":
        return ["exact" if item in key else None for item in answer]
    near = [
        {
            index: rule
            for index, wanted in enumerate(key)
            if is_number(item)
            and is_number(wanted)
            and (rule := find_cell_rule(item, wanted, part.tolerance)) is not None
        }
        for item in answer
    ]
    owner: dict[int, int] = {}
    for number in range(len(answer)):
        _try_assign_item(number, near, owner, set())
    matches = {number: at for at, number in owner.items()}
    return [
        near[index][matches[index]] if index in matches else None for index in range(len(answer))
    ]


def _try_assign_item(
    number: int, near: Sequence[dict[int, ToleranceRule]], owner: dict[int, int], tried: set[int]
) -> bool:
    """Match item *number*, moving earlier matches if needed; return whether that succeeds."""
    for index in near[number]:
        if index in tried:
            continue
        tried.add(index)
        if index not in owner or _try_assign_item(owner[index], near, owner, tried):
            owner[index] = number
            return True
    return False


def _describe_axis_count_mismatch(answer: Items, key: Items) -> str:
    """Return a message on a shape without the number of axes that all shapes of the key have.

    Return "" if there is no such shape, or if the shapes of the key differ in it.
    """
    expected = {len(shape) for shape in key if isinstance(shape, tuple)}
    if len(expected) != 1:
        return ""
    (axes,) = expected
    for shape in answer:
        if isinstance(shape, tuple) and len(shape) != axes:
            return f"{to_text(shape)} has {pluralize(len(shape), 'size')}; each shape needs {axes}."
    return ""


def _find_item_outside_key(key: Items, part: SetPart) -> Value | None:
    """Return an item that is not in the key; None if the key contains every name."""
    if part.of == "name":
        return next((name for name in part.options if name not in key), None)
    if part.of == "shape":
        axes = max((len(one) for one in key if isinstance(one, tuple)), default=2)
        return (987,) * axes
    sizes = [
        2 * part.tolerance.radius(one) + 2 * absolute_value(one) for one in key if is_number(one)
    ]
    return max(sizes, default=0) + 1


def _compute_net_share(right: int, wrong: int, *, of: int) -> Fraction:
    """Return the credit by item: each wrong item cancels a right one, down to 0."""
    return Fraction(max(0, right - wrong), of) if of else WRONG.credit
