"""The question, copied in front of its answer: ``How many parameters has it? 3462``."""

from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import describe_dropped

WORD: Final = lazy_regex(r"\w+")
MIN_WORDS: Final = 3


def strip_repeated_question(text: str, question: str) -> tuple[str, tuple[str, ...]]:
    """Return *text* without the end of the *question* that it repeats first, and a note on it.

    The repeated sentence must have the same words and numbers in the same order.

    >>> asked = "The block is shown below. How many parameters has it?"
    >>> strip_repeated_question("How many parameters has it? 3462 params", asked)[0]
    ' 3462 params'
    >>> strip_repeated_question("How many biases has it? 3462", asked)[0]
    'How many biases has it? 3462'
    """
    sentence, mark, answer = text.partition("?")
    if not mark or not answer.strip():
        return text, ()
    repeated = WORD.findall(sentence.lower())
    question_words = WORD.findall(question.rpartition("?")[0].lower())
    if len(repeated) < MIN_WORDS or question_words[-len(repeated) :] != repeated:
        return text, ()
    return answer, describe_dropped(f"{sentence.strip()}?")
