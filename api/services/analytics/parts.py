"""The figures of the parts and problems of a sheet."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from api.schemas.analytics import PartFigures, ProblemFigures
from api.schemas.figures import AttemptsOut, FlagOut, GainOut, ItemOut, TimesOut
from api.services.analytics.given import First
from api.services.analytics.reading import Hex, Posed
from api.services.analytics.sheet import Item, Sheet, totals_of
from grader.analysis import (
    Flag,
    ItemStatistics,
    attempts_to_correct,
    first_to_best,
    item_flags,
    items,
    time_to_first,
)

__all__ = ["figures_of", "flagged", "item_flags_of", "problem_figures", "times_of"]

SECOND: Final = 1_000_000


def problem_figures(sheet: Sheet) -> tuple[ProblemFigures, ...]:
    """Return the figures of all problems, each with those of its parts."""
    pairs = zip(sheet.problems, _measured(sheet), strict=True)
    return tuple(_problem(sheet, posed, one) for posed, one in pairs)


def figures_of(sheet: Sheet, posed: Posed) -> ProblemFigures:
    """Return the figures of one problem with those of its parts."""
    return _problem(sheet, posed, _measured(sheet)[sheet.problems.index(posed)])


def _measured(sheet: Sheet) -> tuple[ItemStatistics, ...]:
    return items(_by_problem(sheet), [_worth(sheet, one) for one in sheet.problems])


def _problem(sheet: Sheet, posed: Posed, measured: ItemStatistics) -> ProblemFigures:
    places = sheet.of_problem(posed)
    return ProblemFigures(
        problem=posed.row.slug,
        title=posed.version.title,
        points=sum((sheet.items[at].points for at in places), Fraction(0)),
        item=ItemOut.model_validate(measured),
        time=times_of(sheet, posed),
        parts=tuple(_part(sheet, sheet.items[at], sheet.measured[at]) for at in places),
    )


def _worth(sheet: Sheet, posed: Posed) -> float:
    return sum(sheet.maxima[at] for at in sheet.of_problem(posed))


def _by_problem(sheet: Sheet) -> list[list[float | None]]:
    """Return the table with a column for each problem."""
    columns = []
    for posed in sheet.problems:
        places = sheet.of_problem(posed)
        maxima = [sheet.maxima[at] for at in places]
        table = [[row[at] for at in places] for row in sheet.table]
        columns.append(totals_of(table, maxima, [True] * len(places)))
    return [list(row) for row in zip(*columns, strict=True)]


def _part(sheet: Sheet, item: Item, measured: ItemStatistics) -> PartFigures:
    answers = sheet.answers(item)
    return PartFigures(
        part=item.part,
        kind=item.kind,
        points=item.points,
        voided=item.voided,
        answered=len(answers),
        item=ItemOut.model_validate(measured),
        attempts=None if item.by_person else _attempts(answers),
        gain=None if item.by_person else _gain(answers),
    )


def _attempts(answers: Iterable[First]) -> AttemptsOut:
    """Return how many attempts being right took; what waits for a person is left out."""
    known = [one.solved_at for one in answers if one.best is not None]
    return AttemptsOut.model_validate(attempts_to_correct(known))


def _gain(answers: Sequence[First]) -> GainOut:
    found = first_to_best([one.credit for one in answers], [one.best for one in answers])
    return GainOut.model_validate(found)


def times_of(sheet: Sheet, posed: Posed) -> TimesOut:
    """Return the times from the opening of a problem to the first answer to any of its parts.

    Who never opened the page, but sent answers only, has no time.
    """
    earliest: dict[Hex, First] = {}
    for at in sheet.of_problem(posed):
        for one in sheet.answers(sheet.items[at]):
            before = earliest.get(one.student_id)
            if before is None or one.received_at < before.received_at:
                earliest[one.student_id] = one
    seconds = [
        (one.received_at - sheet.numbers(one).opened_at) / SECOND for one in earliest.values()
    ]
    return TimesOut.model_validate(time_to_first([one or None for one in seconds]))


def item_flags_of(sheet: Sheet, places: Iterable[int]) -> list[FlagOut]:
    """Return what the figures of the parts at *places* give reason to look at."""
    return [
        flag for at in places for flag in flagged(sheet.items[at], item_flags(sheet.measured[at]))
    ]


def flagged(item: Item, flags: Iterable[Flag]) -> list[FlagOut]:
    """Return *flags* with the part that they are about."""
    return [
        FlagOut(problem=item.posed.row.slug, part=item.part, code=one.code, say=one.say)
        for one in flags
    ]
