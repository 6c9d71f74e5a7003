"""Words of questions and of passages, in one spelling, for comparing the two."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from grader.lazy_regex import lazy_regex

STOP_WORD_LINES: Final = """
a about after all also an and any are as at be before both by can come does each every for from
give given has have having here how i if in into is it its itself let many may more much must no
not number of off on only or our out over per round same see so such take than that the their
them then there these they this to two up was we were what when where which will with without
would write you your answer value thus hence therefore following get using use
"""
STOP_WORDS: Final = frozenset(STOP_WORD_LINES.split())
# Words that stand for the same thing in deep learning; the first of each line is its spelling.
SYNONYMS: Final = """
param params parameter parameters parametres
mac macs operation operations ops cost costs flops multiply accumulate computational computation
conv convolution convolutions convolutional conv2d conv1d
fc dense fullyconnected linear mlp
pool pooling pooled pools maxpool maxpool2d
total totals altogether overall whole entire full sum together combined final
need needs needed
output outputs out result results
input inputs
filter filters kernel kernels
field rf receptive
separable dsc
pointwise 1x1
train training trained trainable
accuracy acc
average avg mean
max maximum maximal
min minimum
down downsampling downsample encoder contracting
up upsampling upsample decoder expanding
flatten flattened flattening vector
weight weights
bias biases
shape shapes dimension dimensions dims dim size sizes
layer layers
channel channels depth
save saved saves savings reduction reduced reduce
second 2nd
standard regular normal ordinary
memory bytes storage
learn learning learned
entry entries position element elements
gradient gradients grad
precision prec
probability probabilities prob
center centre centers centres
color colour colors colours
neighbor neighbour
normalization normalisation
initialization initialisation
optimizer optimiser
quantization quantisation
gray grey
"""
SPELLINGS: Final = {
    word: line.split()[0] for line in SYNONYMS.strip().splitlines() for word in line.split()
}
ORDINALS: Final = {
    word: str(number)
    for number, words in enumerate(
        (
            "first 1st",
            "second 2nd",
            "third 3rd",
            "fourth 4th",
            "fifth 5th",
            "sixth 6th",
            "seventh 7th",
            "eighth 8th",
        ),
        1,
    )
    for word in words.split()
}
LETTER_NAMES: Final = {"r": "red", "g": "green", "b": "blue"}
CHANNELS: Final = frozenset(LETTER_NAMES.values())
LETTER_NAME: Final = lazy_regex(r"[\s$;(:]*([rgb])[\s$;):]*")
JOINED: Final = (
    (lazy_regex(r"\\begin\{(\w{0,9}matrix|array)\}.{0,3000}?\\end\{\1\}", re.DOTALL), " "),
    (lazy_regex(r"\\begin\{\w{0,9}matrix\}.*", re.DOTALL), " "),
    (lazy_regex(r"\br_\{?(?=[\d])"), "field "),
    (lazy_regex(r"fully[\s-]+connected"), "fullyconnected"),
    (lazy_regex(r"\b(down|up)[\s-]+sampl"), r"\1sampl"),
    (lazy_regex(r"in all\b"), "total"),
    (lazy_regex(r"\\(?:text|mathrm|mathbf|operatorname|textbf|emph)\s*\{"), " {"),
    (lazy_regex(r"\\(?:to|rightarrow|longrightarrow)(?![a-z])|→|->|⇒"), " > "),
    (lazy_regex(r"\\[a-z]+"), " "),
    (lazy_regex(r"[{}$]"), ""),
)
ARROW: Final = lazy_regex(
    r"(?<![\d>])(?<!> )(\d{1,4})\s*(?:channels?)?\s*(?:>|to)\s*(\d{1,4})(?!\s*>|\d)"
)
INDEX: Final = lazy_regex(r"[(\[]\s*(\d{1,2})\s*,\s*(\d{1,2})\s*[)\]]")
TOKEN: Final = lazy_regex(
    r"[a-z]+(?:'[a-z]+)?|(?<![\d.,])\d{1,2}(?:st|nd|rd|th)?(?![\d.,]*\d)(?!\s*[x×*])"
)
NAMED_NUMBER: Final = lazy_regex(
    r"([a-z]{2,})[\s_-]{0,2}(\d{1,2})(?!d\b)(?![\d.,]*\d)(?!\s*[x×*%=+])"
)
LETTER_AND_NUMBER: Final = lazy_regex(r"(?<![\w\\.])([a-z])_?(\d)(?![\w.,]*\w)")
"""Name of one letter and one digit, such as ``P7`` or ``P_7``."""
SHEET_WORD_LINE: Final = (
    "assignment homework hw sheet exercise problem task question part set report lab"
)
SHEET_WORDS: Final = frozenset(SHEET_WORD_LINE.split())
"""Words whose number is that of a sheet or a question, and no layer or place."""
PLURALS: Final = (
    ("'s", lazy_regex("")),
    ("ies", lazy_regex("")),
    ("es", lazy_regex(r"(?:[sxz]|ch|sh)$")),
    ("s", lazy_regex(r"[^s]$")),
)
"""Endings of plurals, with what stands before them."""
MAX_WORDS_LENGTH: Final = 2_000


@lru_cache(maxsize=8192)
def find_words(text: str) -> frozenset[str]:
    """Return the words of a text in one spelling, without those that every question has.

    A number that names a layer or a place is a word of its own, ``#2``.

    >>> sorted(find_words("Number of parameters of the second layer"))
    ['#2', 'layer', 'param']
    >>> sorted(find_words("Down, 3 to 16 channels"))
    ['3>16', 'channel', 'down']
    """
    lowered = text[:MAX_WORDS_LENGTH].lower()
    for pattern, replacement in JOINED:
        lowered = pattern.sub(replacement, lowered)
    letters = map(LETTER_NAME.fullmatch, re.split(r"[;=]", lowered))
    channels = {LETTER_NAMES[letter[1]] for letter in letters if letter}
    words = {f"{letter}{digit}" for letter, digit in LETTER_AND_NUMBER.findall(lowered)}
    lowered = lowered.replace("_", " ")
    words |= channels | {f"{start}>{end}" for start, end in ARROW.findall(lowered)}
    words |= {f"({row},{column})" for row, column in INDEX.findall(lowered)}
    lowered = INDEX.sub(" ", ARROW.sub(" ", lowered))
    for name, number in NAMED_NUMBER.findall(lowered):
        if name not in STOP_WORDS and name not in SHEET_WORDS:
            words.add(f"#{int(number)}")
    for token in TOKEN.findall(lowered):
        if token in ORDINALS:
            words.add(f"#{ORDINALS[token]}")
        elif token[0].isalpha() and token not in STOP_WORDS:
            words.add(_find_word_stem(token))
    return frozenset(words)


def _find_word_stem(token: str) -> str:
    if token in SPELLINGS:
        return SPELLINGS[token]
    for ending, start in PLURALS:
        stem = token.removesuffix(ending)
        if stem != token and len(stem) > 2 and start.search(stem):  # noqa: PLR2004  # not "is"
            stem += "y" * (ending == "ies")
            return SPELLINGS.get(stem, stem)
    return token


def select_numbering_words(words: Iterable[str]) -> frozenset[str]:
    """Return the words that name a layer, step or place by its number, or a color channel."""
    return frozenset(word for word in words if word[0] in "#(0123456789" or word in CHANNELS)
