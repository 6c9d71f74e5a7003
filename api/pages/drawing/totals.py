"""What a total is made of: a bar for each layer, each beginning where the one before it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.pages.drawing.markup import picture, rectangle, words
from api.pages.layout.formatting import number, percent

__all__ = ["sum_picture", "total_picture"]

COUNTED: Final = ("parameters", "MACs", "macs")
WIDE: Final = 340
STEP: Final = 34
BAR: Final = 12
MOST: Final = 10
FEWEST: Final = 3
LONGEST: Final = 30
LARGE: Final = 1_000
SMALL: Final = 0.01


@dataclass(frozen=True, slots=True)
class _Share:
    name: str
    count: int


def total_picture(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return the picture of a table that counts something by layers, nothing for any other."""
    counted = next((one for one in COUNTED if one in head), None)
    if counted is None:
        return ""
    at = head.index(counted)
    shares = [_Share(f"{row[0]}" or f"{row[1]}", row[at]) for row in rows]
    return _drawn([one for one in shares if type(one.count) is int and one.count], counted)


def sum_picture(name: str, terms: str, numbers: str) -> str:
    """Return the picture of a formula that adds large numbers up, nothing for any other."""
    counts = numbers.split(" + ")
    if not all(one.isdigit() for one in counts) or sum(map(int, counts)) < LARGE:
        return ""
    names = terms.split(" + ")
    if len(names) != len(counts) or names == counts:
        names = [f"term {at}" for at in range(1, len(counts) + 1)]
    shares = [_Share(one, int(count)) for one, count in zip(names, counts, strict=True)]
    return _drawn([one for one in shares if one.count], name)


def _drawn(shares: Sequence[_Share], what: str) -> str:
    if len(shares) < FEWEST:
        return ""
    shown = _largest(shares)
    total = sum(one.count for one in shown)
    parts, before = [], 0
    for at, one in enumerate(shown):
        y = at * STEP
        x, wide = (round(part / total * WIDE) for part in (before, one.count))
        parts.append(words(0, y + 13, _shortened(one.name), "ws-left"))
        parts.append(words(WIDE, y + 13, _told(one, total), "ws-right"))
        parts.append(rectangle(0, y + 18, (WIDE, BAR), "ws-all"))
        parts.append(rectangle(min(x, WIDE - 2), y + 18, (max(wide, 2), BAR), "ws-bar"))
        before += one.count
    title = f"What {what} is made of, {number(total)} in all"
    return picture((WIDE, len(shown) * STEP), title, *parts)


def _told(one: _Share, total: int) -> str:
    share = one.count / total
    return f"{number(one.count)} · {percent(share) if share >= SMALL else 'under 1 %'}"


def _largest(shares: Sequence[_Share]) -> list[_Share]:
    """Return the shares in their order, of many the largest, and the others together."""
    if len(shares) <= MOST:
        return list(shares)
    large = sorted(shares, key=lambda one: one.count, reverse=True)[: MOST - 1]
    others = [one for one in shares if one not in large]
    together = _Share(f"the other {len(others)}", sum(one.count for one in others))
    return [*(one for one in shares if one in large), together]


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
