"""An option in a sentence of the question: ``The first model predicts it better``."""

from collections.abc import Mapping, Sequence
from typing import Final

from grader.lazy_regex import lazy_regex

WORD: Final = lazy_regex(r"[^\W_]+")
FILLING: Final = frozenset(
    ["the", "a", "an", "it", "is", "its", "this", "that", "one", "i", "think", "would", "be", "so"]
)
"""Words that belong to no option and say nothing."""
ORDINALS: Final = {"1": "first", "2": "second", "3": "third"}
MIN_NAME_LETTERS: Final = 3
NEGATION: Final = lazy_regex(
    r"(?<![^\W_])(?:not|no|never|neither|nor|or|[^\W\d_]+n't)(?![^\W_])|\?"
)


def match_restated_option(text: str, options: Mapping[str, str], question: str) -> str | None:
    """Return the name of the only one of *options* that *text* holds.

    All other words must be words of the *question*; otherwise return None.

    >>> options = {"a": "the first", "b": "the last"}
    >>> match_restated_option("The first model", options, "Which model?")
    'a'
    """
    names = frozenset(name.lower() for name in options)
    answer = _find_content_words(text, names)
    spelled = {word for option in options.values() for word in _find_content_words(option)}
    answer = [ORDINALS.get(word, word) if word not in spelled | names else word for word in answer]
    if answer[-1:] == ["one"] and set(answer[-2:-1]) & set(ORDINALS.values()):
        answer = answer[:-1]  # a pronoun: "the first one"
    question_words = set(_find_content_words(question)) - names
    matches = []
    for name, option in options.items():
        for words in (
            _find_content_words(option),
            [name.lower()] if len(name) >= MIN_NAME_LETTERS else [],
        ):
            start = _find_subsequence(answer, words)
            if start is None:
                continue
            rest = [*answer[:start], *answer[start + len(words) :]]
            other = NEGATION.findall(text.lower()) != NEGATION.findall(option.lower())
            if question_words.issuperset(rest) and not other:
                matches.append(name)
                break
    return matches[0] if len(matches) == 1 else None


def _find_content_words(text: str, names: frozenset[str] = frozenset()) -> list[str]:
    """Return the words of *text* that say something, or are *names*, in lower case."""
    words = WORD.findall(text.lower())
    return [word for word in words if word not in FILLING or word in names]


def _find_subsequence(words: Sequence[str], sought: Sequence[str]) -> int | None:
    """Return where *sought* begins in *words*; None if it is empty or absent."""
    size = len(sought)
    if not size:
        return None
    places = range(len(words) - size + 1)
    return next(
        (start for start in places if list(words[start : start + size]) == list(sought)), None
    )
