"""Words beside a value that cannot change it; every other word is refused unless it is asked for.

People introduce, name or round a result with these words. Add a word only if no sentence with it
can give another value than the one beside it.
"""

import re
from functools import lru_cache
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import STEM_LETTERS, find_word_stems
from grader.reading.screening.exclusions import find_excluded_word_starts
from grader.reading.screening.qualifiers import (
    EXCLUSIONS,
    HARMLESS,
    QUALIFIER,
    STATISTICS,
)
from grader.reading.units.magnitudes import PERCENT, SCALE_WORDS
from grader.reading.units.unit_names import parse_unit

_PHRASES: Final = """
please thanks thank dear hello hey regards cheers greetings kind sir madam professor hope
obviously clearly just definitely certainly surely sure confident basically essentially indeed
namely course fine good right correct correctly correspond corresponds corresponding
must asked wanted required needed necessary needs takes contains consists comes came come
computing calculating adding multiplying dividing summing counting counted plugging inserting
conclude conclusion arrive arrived reach reaches turns works worked returns return returned
prints displays shows shown derived deduce follows following stated given hand head mentally
lecture lectures slides slide notes note script book textbook  exercise sheet
called named namely denote denotes letting taking plug insert inserted substitute substituting
res ret val out well qed etc nothing changes stays unaffected equally
sanity confirms confirmed agrees agree consistent matches match trivially trivial straightforward
"""
_GRAMMAR: Final = """
the and for with that this these those there which then than from our out its it's are is was
were has have had been being will would can could does did get gets got give gives given gave
yield yields make makes made we'll i'd i've let use using used uses need needs see seen say says
said obtain obtained obtains compute computed computes calculate calculated calculates find
found leave leaves follow follows equal equals stand stands mean means become becomes come comes
lead leads where when that's there's here's
while since because due again also too very much many more further both all any some here now
thus hence therefore finally so you you'll they them their his her your one two three four five
six seven eight nine ten eleven twelve first second third last next end step steps part parts
question problem exercise task homework point points line lines row rows column columns
according formula rule definition above below table figure page note check checked verified
"""
_ANSWERS: Final = """
answer answers ans result results solution solutions value values val number numbers amount
count total totals totalling altogether overall sum sums summed together final output outputs
exact exactly precise precisely approximate approximately approx about around roughly circa
rounded rounding round figures digits digit decimal decimals places place significant sig
nearest hundredth hundredths thousandth thousandths tenth tenths think guess believe hope yes
okay done simply simple simplified numerically numeric written expressed fraction per cent
percent percentage ratio times fold computer python numpy torch pytorch tensorflow keras jax
excel matlab octave calculator wolfram code calculation computation working terminal print
printed prints shell script cell notebook float floats int ints integer integers dtype array
tensor matrix vector list tuple shape size sizes item whole entire full same
unchanged order rate factor including includes included incl
"""
_FIELD: Final = """
parameter parameters params param weight weights bias biases learnable trainable non-trainable
nontrainable neuron neurons unit units node nodes entries entry element elements component
components pixel pixels pix px map maps image images picture pictures
feature features channel channels filter
filters kernel kernels layer layers conv convolution convolutional pool pooling dense linear
fully connected network net model input height width depth length high wide long deep side sides
spatial dimension dimensions axis axes multiplication multiplications multiply multiplies
multiplied addition additions operation operations ops memory kept keep index indices none nan
inf infinity cols col sample samples vice stride strides padding padded dilation group groups
batch receptive field window position positions location
locations epoch epochs iteration iterations update updates module modules
token tokens word words class classes box boxes anchor anchors cells head heads block blocks
embedding hidden bounding gate gates sequence binary div mod
"""
_OTHER_LANGUAGES: Final = """
antwort ergebnis lösung gesamt insgesamt zusammen ungefähr etwa rund gewichte werte wert anzahl
bildpunkte das ist sind der die beträgt macht ergibt und mit für bei réponse résultat environ
donc soit est sont poids valeur valeurs respuesta resultado es son aproximadamente pesos valor
valores risposta risultato pesi odpowiedź wynik ответ итого всего параметров resposta parametri
paramètres parámetros parametrar vikter totale
"""
KNOWN: Final = frozenset(f"{_PHRASES} {_GRAMMAR} {_ANSWERS} {_FIELD} {_OTHER_LANGUAGES}".split())
WORD: Final = lazy_regex(r"(?<![^\W0-9])(?<![\\.])[^\W\d_]{3,}(?:['-][^\W\d_]+)*(?![\w]|\s{0,1}\()")
TYPESETTING: Final = lazy_regex(
    r"\\begin\s*\{(?:array|tabular)\*?\}(?:\[\w\])?\s*\{(?:[^{}]|\{[^{}]*\})*\}"
    r"|\\(?:begin|end|color|textcolor|mathrm|mathbb|operatorname)\s*\{\w*\*?\}"
    r"|(?<!\w)[NCHWDLx×]{2,11}(?!\w)|(?<!\w)(?:[chwn]x)+[chwn](?!\w)|(?<!\w)None(?!\w)"
    r"|<[^<>\n]{0,200}>|(?<!\w)\w++\s?=\s?'[^'\n]{0,200}'"
    r"|(?<![\w.])[A-Za-z_]\w*+(?:\.[A-Za-z_]\w*+)++"
)
"""TeX environments, columns of TeX tables, axes of a layout, attributes and objects of programs."""
_LARGEST: Final = frozenset({"larg", "maxi", "bigg", "high", "peak", "long"})
_SMALLEST: Final = frozenset({"smal", "mini", "fewe", "lowe", "shor"})
_FEWER: Final = frozenset({"save", "less", "fewe", "smal", "lowe", "redu"})
_MORE: Final = frozenset({"more", "grow", "rise", "incr", "addi", "larg"})
ECHOED: Final = {
    word: frozenset({word[:STEM_LETTERS]})
    for word in ["most", "least", "over", "under", "above", "below", "not", "none", "times"]
} | {
    **dict.fromkeys(("most", "max"), frozenset({"most", *_LARGEST})),
    **dict.fromkeys(("least", "min"), frozenset({"leas", *_SMALLEST})),
    "less": _FEWER,
    "fewer": _FEWER,
    "more": _MORE,
    "additional": _MORE,
    "extra": _MORE,
}
"""Words that change a value, unless the question asks for it with one of these beginnings."""
UNIT_STEMS: Final = {
    "macs": frozenset({"macs", "mult", "accu"}),
    "flops": frozenset({"flop", "floa", "oper"}),
    "parameters": frozenset({"para", "weig", "lear", "trai", "netw", "laye"}),
    "pixels": frozenset({"pixe", "imag", "size", "wide", "high", "heig", "widt", "side"}),
    "bytes": frozenset({"byte", "memo", "bits"}),
    "seconds": frozenset({"seco", "time", "long"}),
}
"""Beginnings of words with which a question asks for a number in the units of a dimension."""
OTHER_UNITS: Final = {
    "nats": frozenset({"nats", "natu", "entr", "loss"}),
    "bits": frozenset({"bits"}),
}
"""Units that no quantity has, with the beginnings of words that ask for them."""
ASKED_UNIT: Final = lazy_regex(r"(?:how\s+many|in)\s+(bits|nats)(?!\w)", re.IGNORECASE)
LABELS: Final = {
    "loss": frozenset({"loss", "erro", "cost", "entr", "obje"}),
    "recall": frozenset({"reca", "sens"}),
    "sensitivity": frozenset({"reca", "sens"}),
    "tpr": frozenset({"reca", "sens"}),
    "specificity": frozenset({"spec"}),
    "tnr": frozenset({"spec"}),
    "std": frozenset({"stan"}),
    "stddev": frozenset({"stan"}),
    "sigma": frozenset({"stan"}),
    "var": frozenset({"vari"}),
    "lr": frozenset({"rate"}),
}
"""Names before a sign, with the beginnings of words that ask for the same."""
SPREADS: Final = frozenset({"std", "stddev", "sigma", "var"})
SPREAD_STEMS: Final = frozenset({"stan", "vari"})
"""A question about the variance may mention the standard deviation, and the reverse."""
EXCLUSION: Final = lazy_regex(rf"(?<!\w)(?:{EXCLUSIONS})\s+(?:the\s+|any\s+)?\Z", re.IGNORECASE)
"""Words that leave out what follows."""
LABEL_SIGN: Final = lazy_regex(r"\s{0,3}[=:≈]")
NUMBER_BEFORE: Final = lazy_regex(r"[0-9]\s?\Z")
OPERATION: Final = lazy_regex(r"[0-9][^=\n]*[-+*/×·][^=\n]*[0-9]")
"""A computation with two numbers."""


def _is_harmless_unit(word: str, stems: frozenset[str], *, units: bool) -> bool:
    """Return whether *word* is a unit that the reader uses, or that the question asks for."""
    unit = parse_unit(word)
    bits = unit is not None and unit.name == "bit" and "bits" not in stems
    if unit is not None and (units or (_asks_for(unit.dimension, stems) and not bits)):
        return True
    name = word.lower()
    contradicts = name == "nats" and "bits" in stems and "nats" not in stems
    return not contradicts and not OTHER_UNITS.get(name, frozenset()).isdisjoint(stems)


def refuse_unknown_words(
    text: str, *, question: str, context: str = "", others: str = "", units: bool = True
) -> None:
    """Raise `AnswerError` for a word that is neither known to be harmless nor in the question.

    Names of *units* are harmless where a quantity is asked for, because the reader uses them;
    elsewhere the question must use them, by the same name or another. Words of *context*, the
    statement of the problem, are harmless unless one of its *other* questions asks about them; on
    the way to the value, as in ``4 scores + 1 = 5``, they always are.

    >>> refuse_unknown_words("The result is 28 windows", question="How many windows fit?")
    >>> refuse_unknown_words("28 crops", question="How many windows fit?")
    Traceback (most recent call last):
    grader.errors.AnswerError: The word 'crops' next to the value may change it. Expected \
the value alone.
    """
    stems = find_long_stems(question)
    excluded = find_excluded_word_starts(context)
    working = find_long_stems(context) if "=" in text else frozenset[str]()
    shared = find_long_stems(context) - find_long_stems(others) - OTHER_UNITS.keys()
    blanked = TYPESETTING.sub(_blank_out, HARMLESS.sub(_blank_out, text))
    for match in WORD.finditer(blanked):
        word = match[0].lower()
        if word in KNOWN or word in SCALE_WORDS or word in PERCENT or not word.isascii():
            continue
        if _is_used_by_question(word, question, stems) or QUALIFIER.fullmatch(word):
            continue  # a qualifier that is left has passed `refuse_qualifiers`
        if word[:STEM_LETTERS] in excluded and EXCLUSION.search(text, 0, match.start()):
            continue
        if match[0].isupper() and word in question_initials(question):
            continue
        if word[:STEM_LETTERS] in working and _is_working(text, match.end()):
            continue
        labels = LABEL_SIGN.match(text, match.end())
        if _means_asked_value(word, question, stems) if labels else word[:STEM_LETTERS] in shared:
            continue
        is_limit = word in ECHOED and not NUMBER_BEFORE.search(text, 0, match.start())
        if not is_limit and _is_harmless_unit(match[0], stems, units=units):
            continue  # "min." may stand for minutes only behind a number
        raise AnswerError(
            f"The word '{truncate_line(match[0])}' next to the value may change it.",
            expected="the value alone",
            position=match.start(),
        )


def _is_used_by_question(word: str, question: str, stems: frozenset[str]) -> bool:
    """Return whether the *question* contains *word*; a unit must be the one that it asks for."""
    unit = ASKED_UNIT.search(question) if word in OTHER_UNITS else None
    if unit is not None and unit[1].lower() != word:
        return False
    return repeats_question_word(word, stems) or not stems.isdisjoint(ECHOED.get(word, ()))


def _means_asked_value(word: str, question: str, stems: frozenset[str]) -> bool:
    """Return whether *word*, a label before a sign, means the quantity that is asked for."""
    both = word in SPREADS and stems >= SPREAD_STEMS
    synonym = not both and not stems.isdisjoint(LABELS.get(word, ()))
    return synonym or abbreviates_question_word(word, question)


def _asks_for(dimension: str, stems: frozenset[str]) -> bool:
    """Return whether the question names the counted things of a unit in another way."""
    return not stems or not UNIT_STEMS.get(dimension, frozenset()).isdisjoint(stems)


def _is_working(text: str, end: int) -> bool:
    """Return whether a word that ends at *end* belongs to a computation before the last sign."""
    last = text.rfind("=")
    start = text.rfind("=", 0, end) + 1
    stop = text.find("=", end)
    return end <= last and OPERATION.search(text, start, stop) is not None


def abbreviates_question_word(word: str, question: str) -> bool:
    """Return whether *word*, a label before a sign, has letters of a question's word in order."""
    if re.fullmatch(STATISTICS, word):
        return False
    return len(word) <= STEM_LETTERS and any(
        _is_subsequence(word, long) for long in _long_words(question)
    )


@lru_cache(maxsize=1024)
def _long_words(question: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\d_]{5,}", question.lower()))


def _is_subsequence(short: str, word: str) -> bool:
    letters = iter(word)
    return short[0] == word[0] and all(letter in letters for letter in short)


def repeats_question_word(word: str, stems: frozenset[str]) -> bool:
    """Return whether a *word* in lower case is, or abbreviates, a word of a question."""
    if word[:STEM_LETTERS] in stems or word.removesuffix("s") in stems:
        return True
    return len(word) < STEM_LETTERS and any(stem.startswith(word) for stem in stems)


def _blank_out(match: re.Match[str]) -> str:
    return " " * len(match[0])


@lru_cache(maxsize=1024)
def question_initials(question: str) -> str:
    """Return the first letters of all words in *question*: MSE stands for three of them."""
    return "".join(word[0].lower() for word in re.findall(r"[^\W\d_]+", question))


def find_long_stems(question: str) -> frozenset[str]:
    """Return the first letters of the words in *question* that have three letters or more."""
    return find_word_stems(question, min_letters=3)
