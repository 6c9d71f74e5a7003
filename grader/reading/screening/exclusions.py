"""What a question leaves out, and answers that include it: ``3640 with biases``."""

import re
from functools import lru_cache
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.grammar.vocabulary import STEM_LETTERS

INCLUSIONS: Final = r"with|including|includes|incl\.?|plus|and"
"""Words that contradict a question which leaves something out."""
EXCLUDED_BY_QUESTION: Final = lazy_regex(
    r"(?<!\w)(?:without|excluding|ignor(?:e|ing)|neglect(?:ing)?|no|(?:do\s+not|don't)\s+(?:count|include))\s+(?:(?:the|any|its|their)\s+)?([^\W\d_]{4})"
    r"|(?<!\w)([^\W\d_]{4})[^\W\d_]*\s+(?:itself\s+|themselves\s+)?(?:(?:is|are)\s+(?:not\s+counted|left\s+out|ignored)|do(?:es)?\s+not\s+count)",
    re.IGNORECASE,
)
"""What a question leaves out."""
INCLUSION: Final = lazy_regex(
    rf"(?<!\w)(?:(?:{INCLUSIONS})\s+(?:(?:the|all|its)\s+)?|(?=[^\W\d_]+\s+(?:(?:is|are)\s+)?included(?!\w)))([^\W\d_]{{4}})",
    re.IGNORECASE,
)


def excludes_noun(context: str, noun: str) -> bool:
    """Return whether *context* leaves out what *noun* names."""
    return noun.lower()[:STEM_LETTERS] in find_excluded_word_starts(context)


@lru_cache(maxsize=1024)
def find_excluded_word_starts(question: str) -> frozenset[str]:
    """Return the first letters of the words for what *question* leaves out."""
    matches = EXCLUDED_BY_QUESTION.findall(question)
    return frozenset(word.lower() for words in matches for word in words if word)


def find_excluded_inclusion(text: str, question: str) -> re.Match[str] | None:
    """Return the words of *text* that include what the *question* leaves out, or None."""
    excluded = find_excluded_word_starts(question)
    matches = INCLUSION.finditer(text) if excluded else iter(())
    return next((match for match in matches if match[1].lower() in excluded), None)
