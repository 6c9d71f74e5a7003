"""Whether some numbers of a problem are harder than others: by variant, and by parameter."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from api.schemas.analytics_problem import ParameterFairness, VariantsOut
from api.schemas.figures import FairnessOut
from api.services.analytics.keys import Keys
from api.services.analytics.reading import First, Numbers, Posed
from api.services.analytics.sheet import Item, Sheet
from api.services.variants import ORIGINAL
from grader.analysis import MIN_STUDENTS, Fairness, Flag, Tally, fairness, variant_flags
from grader.json_values import from_json
from grader.show import show
from grader.values import is_number

__all__ = ["variants_of"]

MOST_VALUES: Final = 12
"""A parameter with more values tells no more than the variants themselves."""


def variants_of(sheet: Sheet, item: Item, keys: Keys) -> tuple[VariantsOut, tuple[Flag, ...]]:
    """Return how hard the variants of a part are beside each other, and which are unlike."""
    answers = [one for one in sheet.answers(item) if one.credit is not None]
    names = _names(item.posed)
    by_variant = _fairness(sheet, answers, names)
    found = []
    for name in sorted({name for params in keys.params.values() for name in params}):
        by_value = _fairness(sheet, answers, _parameter(keys, name))
        if _tells(by_value):
            found.append((name, by_value))
    flags = [*variant_flags(by_variant)]
    for _, one in found:
        flags += variant_flags(one)
    told = VariantsOut(
        by_variant=FairnessOut.model_validate(by_variant),
        by_parameter=tuple(
            ParameterFairness(parameter=name, fairness=FairnessOut.model_validate(one))
            for name, one in found
        ),
    )
    return told, tuple(flags)


def _fairness(
    sheet: Sheet, answers: Iterable[First], name_of: Callable[[Numbers], str | None]
) -> Fairness:
    """Return the fairness among what *name_of* calls numbers; None leaves them out."""
    n, right = Counter[str](), Counter[str]()
    for one in answers:
        name = name_of(sheet.numbers(one).numbers)
        if name is not None:
            n[name] += 1
            right[name] += (one.credit or 0) >= 1
    return fairness([Tally(name, count, right[name]) for name, count in sorted(n.items())])


def _names(posed: Posed) -> Callable[[Numbers], str]:
    """Return how numbers are called: by their place in the list that students draw from."""

    def name(numbers: Numbers) -> str:
        own = "original" if numbers.position == ORIGINAL else str(numbers.position)
        return own if numbers.draw_hash == posed.version.draw_hash else f"{own}, old numbers"

    return name


def _parameter(keys: Keys, name: str) -> Callable[[Numbers], str | None]:
    """Return how numbers are called by the value of a parameter, where that is one number."""
    values = {numbers: _value(params.get(name)) for numbers, params in keys.params.items()}
    few = len({*values.values()} - {None}) <= MOST_VALUES

    def value(numbers: Numbers) -> str | None:
        found = values.get(numbers)
        return f"{name} = {found}" if few and found is not None else None

    return value


def _value(told: Any) -> str | None:
    value = None if told is None else from_json(told)
    if isinstance(value, str):
        return value
    return show(value) if is_number(value) else None


def _tells(found: Fairness) -> bool:
    """Tell whether there are two values with enough students to compare."""
    large: Sequence[object] = [row for row in found.rows if row.n >= MIN_STUDENTS]
    return len(large) > 1
