"""Explanation of refused seeds: what their numbers have in common, and an example of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

from grader.display.text import to_text
from grader.values import Value, is_number

MAX_EXAMPLE_NAMES: Final = 6
"""Maximum number of parameters that an example lists."""

Draws = Sequence[Mapping[str, Value]]


def explain_refusals(
    refused: Mapping[str, Draws], published: Draws, drawn: Iterable[str]
) -> dict[str, str]:
    """Return for each reason what its *refused* draws have in common and no published one has.

    If there is no such condition, an example of the draws is returned. *drawn* are the names of the
    drawn parameters.
    """
    names = tuple(drawn)
    return {
        reason: _find_common_condition(draws, published, names) or _describe_draw(draws[0], names)
        for reason, draws in refused.items()
    }


def _find_common_condition(draws: Draws, published: Draws, names: Sequence[str]) -> str:
    """Return the condition of `require` that leaves out *draws* but no published draw."""
    for condition, opposite, holds in _iter_conditions(draws[0], names):
        if all(map(holds, draws)) and not any(map(holds, published)):
            return f"always {condition}; `require: [{opposite}]` leaves such draws out"
    return ""


def _iter_conditions(
    draw: Mapping[str, Value], names: Sequence[str]
) -> Iterator[tuple[str, str, "_Equality"]]:
    """Yield conditions that *draw* satisfies: as text, its opposite, and the condition itself."""
    plain = [name for name in names if is_number(draw[name]) or isinstance(draw[name], str)]
    for name in plain:
        value = draw[name]
        quoted = f"'{value}'" if isinstance(value, str) else to_text(value)
        yield f"{name} = {to_text(value)}", f'"{name} != {quoted}"', _Equality(name, value)
    for first, second in combinations(plain, 2):
        if draw[first] == draw[second]:
            yield (
                f"{first} = {second}",
                f'"{first} != {second}"',
                _Equality(first, None, second),
            )


class _Equality:
    """Condition that a name has a *value*, or that of the name *other*."""

    def __init__(self, name: str, value: Value | None, other: str = "") -> None:
        self._name, self._value, self._other = name, value, other

    def __call__(self, draw: Mapping[str, Value]) -> bool:
        return draw[self._name] == (draw[self._other] if self._other else self._value)


def _describe_draw(draw: Mapping[str, Value], names: Sequence[str]) -> str:
    """Return the numbers and texts of a draw as an example; "" if it has none."""
    plain = [name for name in names if is_number(draw[name]) or isinstance(draw[name], str)]
    listed = ", ".join(f"{name} = {to_text(draw[name])}" for name in plain[:MAX_EXAMPLE_NAMES])
    return f"for example with {listed}" if listed else ""
