"""Random answers to parts of every kind: right answers with changes in any characters."""

import string
import sys
import unicodedata
from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any, Final, NamedTuple

from factories import BOOK, ask, original
from kind_examples import EXAMPLES, PARAMS
from readers import PIECES

from grader.grading.context import PartContext, get_part_contexts
from grader.reading import NumberStyle, RawAnswer
from grader.variants.variant import Variant

STYLES: Final[tuple[NumberStyle | None, ...]] = (None, None, "point", "comma")
MORE_PARTS: Final[tuple[dict[str, Any], ...]] = (
    ask("integer", key=1024),
    ask("integer", key=29, square=True),
    ask("number", key="3/4", share=True),
    ask("set", of="name", key="('conv1', 'bn1')", options=["conv1", "bn1", "fc-2", "µ"]),
    ask("shape", key="(16, 126, 100)", layout="CHW"),
    ask("predicate", **{"as": ["integer"]}, accept_if="answer[0] > 3", sample=5),
    ask(
        "predicate",
        **{"as": ["number", "integer"]},
        names=["k | kernel", "padding"],
        accept_if="answer[0] > answer[1]",
        sample=[5, 3],
    ),
    ask("expression", key="(a + b, 2*a)", variables={"a": "1..9", "b": "1..9"}),
)
"""Parts with special reading rules, in addition to those of `EXAMPLES`."""
SEPARATORS: Final = (" ", " * ", " ` ", "`", "*", ", ", ",", "; ", "\n", " and ", " × ", " / ", "|")
MAX_CHANGES: Final = 2
FULL_WIDTH: Final = {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)}


class AnsweredPart(NamedTuple):
    """A part with its context, its right answers as text, and the words in them."""

    name: str
    variant: Variant
    context: PartContext
    right: tuple[str, ...]
    words: tuple[str, ...]


class RandomAnswer(NamedTuple):
    """An answer to a part in a number style."""

    part: AnsweredPart
    typed: RawAnswer
    style: NumberStyle | None


@cache
def answered_parts() -> tuple[AnsweredPart, ...]:
    """Return the parts of `EXAMPLES` and `MORE_PARTS`."""
    stated = [*(part for parts in EXAMPLES.values() for part in parts), *MORE_PARTS]
    return tuple(_answered_part(number, part) for number, part in enumerate(stated))


def _answered_part(number: int, stated: dict[str, Any]) -> AnsweredPart:
    variant = original(stated, params=PARAMS)
    context = next(iter(get_part_contexts(variant, BOOK)))
    right = [str(one) for one in context.kind.build_samples(context.part, context.key).right]
    if context.key is not None:
        right.append(context.kind.format_key(context.key, context.part))
    names = [*getattr(context.part, "options", ()), *getattr(context.part, "variables", ())]
    words = tuple(filter(None, [*names, *(word for text in right for word in text.split())]))
    return AnsweredPart(
        f"{stated['kind']} {number}", variant, context, tuple(right) or ("7",), words or ("7",)
    )


@cache
def characters_by_category() -> dict[str, tuple[str, ...]]:
    """Return all characters by Unicode general category."""
    found: dict[str, list[str]] = {}
    for character in map(chr, range(sys.maxunicode + 1)):
        found.setdefault(unicodedata.category(character), []).append(character)
    return {category: tuple(characters) for category, characters in found.items()}


@cache
def look_alikes() -> dict[str, tuple[str, ...]]:
    """Return the look-alikes of each ASCII character, by NFKC or by their digit value."""
    found: dict[str, list[str]] = {}
    for characters in characters_by_category().values():
        for character in characters:
            plain = unicodedata.normalize("NFKC", character)
            digit = unicodedata.digit(character, None)
            plain = plain if digit is None else str(digit)
            if plain != character and len(plain) == 1 and plain.isascii():
                found.setdefault(plain, []).append(character)
    return {plain: tuple(alike) for plain, alike in found.items()}


def random_answer(seed: int, number: int) -> RandomAnswer:
    """Return answer *number* of *seed*, which is always the same."""
    random = Random(f"{seed}:{number}")  # noqa: S311 (no secret is drawn)
    part = random.choice(answered_parts())
    style = random.choice(STYLES)
    text = _random_text(random, part)
    return RandomAnswer(part, _as_json(random, text) if random.random() < 1 / 8 else text, style)


def _random_text(random: Random, part: AnsweredPart) -> str:
    match random.randrange(4):
        case 0:
            words = random.choices(part.words, k=random.randint(1, 4))
            text = random.choice(SEPARATORS).join(words)
        case 1:
            words = random.choices((*part.words, *PIECES), k=random.randint(1, 8))
            text = random.choice(("", " ")).join(words)
        case 2:
            text = _number(random)
        case _:
            text = random.choice(part.right)
    for _ in range(random.randint(0, MAX_CHANGES)):
        text = _changed(random, text, part.words)
    return text


def _number(random: Random) -> str:
    """Return one to three groups of digits with random marks between them."""
    groups = [str(random.randrange(10 ** random.randint(1, 4)))]
    groups += [f"{random.randrange(1000):03}" for _ in range(random.randint(0, 2))]
    marks = [random.choice(".,' ") for _ in groups]
    return "".join(group + mark for group, mark in zip(groups, marks, strict=True))[:-1]


def _changed(random: Random, text: str, words: Sequence[str]) -> str:
    """Return *text* with a piece inserted, deleted, repeated or replaced."""
    start = random.randint(0, len(text))
    end = min(len(text), start + random.randint(0, 3))
    match random.randrange(6):
        case 0:
            return text[:start] + _character(random) + text[end:]
        case 1:
            return text[:start] + random.choice(PIECES) + text[end:]
        case 2:
            return text[:start] + random.choice(SEPARATORS) + random.choice(words) + text[end:]
        case 3:
            return text[:start] + text[end:]
        case 4:
            return text[:end] + text[start:]
        case _:
            return _with_look_alikes(random, text)


def _character(random: Random) -> str:
    characters = characters_by_category()
    return random.choice(characters[random.choice(tuple(characters))])


def _with_look_alikes(random: Random, text: str) -> str:
    """Return *text* with some characters in another form, such as full-width digits."""
    share = random.random()
    alike = random.choice((look_alikes(), FULL_WIDTH))
    return "".join(
        random.choice(alike[character])
        if character in alike and random.random() < share
        else character
        for character in text
    )


def full_width(typed: Any) -> Any:
    """Return an answer with full-width digits, which mean the same everywhere."""
    if isinstance(typed, list):
        return [full_width(item) for item in typed]
    return _wide_digits(typed) if isinstance(typed, str) else typed


def _wide_digits(text: str) -> str:
    return "".join(FULL_WIDTH[letter] if letter in string.digits else letter for letter in text)


def _as_json(random: Random, text: str) -> Any:
    """Return a JSON value instead of *text*: a list of its pieces, or another type."""
    items: list[Any] = [*text.split(random.choice((",", " ", ";"))), 7, [text], [[1, 2], [3]], []]
    others: tuple[Any, ...] = (None, True, {"value": text}, 10**400, -3)
    if random.random() < 1 / 4:
        return random.choice(others)
    if random.random() < 1 / 2:
        return random.choices(items, k=random.randint(0, 4))
    return items[:-4]
