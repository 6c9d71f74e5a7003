"""Words that limit, negate or correct a value: ``3640 without biases``, ``3640, no wait``.

No reader may drop them, because the value that they leave may be another one than the student
means. They are harmless if the question itself uses them: a question about the weights of "each
filter" may be answered with "27 per filter".
"""

import re
from collections.abc import Collection
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import LETTER, STEM_LETTERS, find_word_stems
from grader.reading.references.amounts import DIFFERENCE
from grader.reading.screening.counted_things import asks_per_thing
from grader.reading.screening.exclusions import excludes_noun, find_excluded_inclusion

EXCLUSIONS: Final = (
    r"without|w/o|excluding|excludes?|excluded|excl|ignoring|ignores|neglecting|omitting|omitted|except(?:ing)?"
    r"|apart\s+from|aside\s+from|other\s+than|disregarding|ohne|sans|senza|zonder"
    r"|no(?=\s+(?!wait|more\b|idea)[^\W\d_])"
)
"""Words that leave a part of the whole out; their object follows."""
SHARES: Final = (
    r"for\s+(?:all|both)|per|each|every|apiece|(?<=[0-9]\s)an?(?=\s+[^\W\d_]{3})|pro(?=\s+[A-ZÄÖÜ])"
)
"""Words that distribute a value over several things; their object follows."""
ORDERS: Final = r"before|after|prior\s+to|until"
"""Words that place a value before or after a step; their object follows."""
CORRECTIONS: Final = (
    r"sorry|oops|edit(?:ed)?|corrected|correction|typo|wait|actually|instead|rather"
    r"|scratch\s+that|my\s+mistake|i\s+mean|meant|wrong|incorrect|invalid"
    r"|(?<=[0-9)\]}>,;]\s)no(?=\s*,?\s+[-+(\[{$]*[0-9])|presumably|supposedly|probably"
    r"|vs|versus|alternatively|otherwise|maybe|perhaps|possibly|unsure|not\s+sure|no\s+idea"
    r"|and\s+(?:then|another|again|also|(?:the\s+)?same)(?=\s+[^\W\d_])"
    r"|then(?=\s+(?:the\s+)?(?:sigmoid|relu|softmax|tanh|gelu)(?!\w))"
    r"|should\s+(?:be|have|read)|but\s+(?:the\s+)?(?:correct|right|true|real|actual)\w*"
    r"|correct\s+(?:answer|value|one|result)\s+(?:is|would|should)"
)
"""Words with which a student takes a value back or weighs it against another."""
NEGATIONS: Final = (
    r"not|never|nor|neither|cannot|[^\W\d_]+n't|hardly|scarcely"
    r"|all\s+but|anything\s+but|everything\s+but|no\s+more\s+than|no\s+less\s+than"
)
LIMITS: Final = (
    r"only|up\s+to|upto|at\s+most|at\s+least|almost|nearly|close\s+to|just\s+(?:under|over|below|above)|a\s+bit|slightly"
    r"|(?:more|less|fewer|greater|smaller|larger|bigger)\s+than|too\s+(?:much|many|few|small|large|big|high|low)"
)
SHARE_WORDS: Final = (
    r"(?:(?:a|one|two|three)[\s-]+)?(?:half|halves|thirds?|quarters?|fifths?|tenths?|fraction|part|portion)\s+of|half"
    r"|thrice|twice|double|triple|[0-9]+\s+(?:out\s+)?of\s+(?=[0-9])(?!these\b)"
)
"""Words that multiply a value by another number than 1."""
OTHER_QUANTITIES: Final = (
    r"error|errors|error\s+rate|remain(?:s|ed|ing|der)?|left(?:\s*over)?(?=\s*[.)\]!]*\s*\Z)|removed"
    r"|(?:grow|increase|decrease|rise|fall|drop|move|shift|change|shrink|reduce|exceed)(?:s|es|d|ed|n)?\s+by(?!\s+(?:the|a)\s+factor\b)"
    r"|suppressed|discarded|dropped|lost|saved|saves|savings?|reduction|reduced|difference|complement"
    r"|revers(?:ed|e)(?:\s+order)?|flip(?:ped|ping)?|swap(?:ped)?|transpos(?:ed?|ing)|invers(?:e|ed)|inverted|negated|rotated|mirrored"
    r"|base\s+(?:8|16)|hexadecimal|hex|octal"
    r"|radius|half[\s-]?width|misclassified|wasted|unused|missing"
)
"""Names of the rest, the reverse or a half of what questions ask for."""
REST: Final = lazy_regex(r"left(?:\s*over)?|remain\w*|unused|missing", re.IGNORECASE)
NOT_REACHED: Final = lazy_regex(
    r"(?<!\w)(?:not|never)\s+(?:covered|used|seen|read|reached|visited|filled)(?!\w)", re.IGNORECASE
)
"""Words of a question that asks for the rest itself."""
STATISTICS: Final = (
    r"means?|averages?|avg|medians?|norms?|variances?|var|std|maximum|minimum|argmax|argmin"
)
"""Functions that a question may ask for by name."""
ACTIVATIONS: Final = (
    r"sigmoid|(?:leaky|p)?-?relu|gelu|elu|selu|swish|silu|softmax|log-?softmax|softplus|tanh|sgn|sign"
    r"|normali[sz]e|standardi[sz]e|sigma|phi"
)
_APPLIED: Final = r"(?=\}?\s*(?:\\left\s*)?(?:[(\[{]|\\begin|\.?[0-9])|\}?\s+[-+]\.?[0-9])"
"""What follows a function that is applied: a bracket, an array or a number; `ReLU-3` is a name."""
FUNCTIONS: Final = rf"(?:{ACTIVATIONS}|{STATISTICS}){_APPLIED}"
ONE_FOR_EACH: Final = (
    r"(?:one|an?)\s+(?!third|half|quarter)[^\W\d_]{3,}\s+(?:per|for\s+(?:each|every))\s+[^\W\d_]+"
)
"""A phrase that distributes one thing, and not the value: ``one vector per token``."""
HARMLESS: Final = lazy_regex(
    r"(?:do(?:es)?\s+not|do(?:es)?n't|will\s+not|won't|cannot|can't|did\s+not|didn't)\s+"
    r"(?:fit|divide|matter|change|learn|train|have\s+(?:any\s+)?(?:weights|parameters|biases))"
    r"|after\s+(?:the\s+|being\s+)?(?:round|simplif|expand|comput|calculat|cancel|substitut|convers|convert|that|this|all)\w*"
    rf"|{ONE_FOR_EACH}"
    r"|per\s+cent"
    r"|(?:times|[0-9]\s?[x×])\s+(?:fewer|less|smaller|faster|cheaper|lower|as\s+(?:many|much|large|small|few|fast|big))"
    r"|if\s+(?:i(?:'m|\s+am)\s+)?not\s+(?:mistaken|wrong)"
    r"|not\s+(?:rounded|exact(?:ly)?)"
    r"|\A[^0-9]*?(?:should|ought\s+to)\s+be(?=[\s:]+[-+(\[$]?[0-9])"
    r"|\A[^0-9]*?correct\s+(?:answer|value|result|one|number)\s+(?:is|would\s+be|should\s+be)(?=[\s:]+[-+(\[$]?[0-9])"
    r"|as\s+(?:computed|calculated|shown|derived|explained)\s+(?:above|before)"
    r"|of\s+(?:the|my|this|our)\s+(?:calculation|computation|formula|lecture|derivation|exercise|script|slides)"
    r"|(?:each|every)\s+(?:row|column)\s+(?:sums|adds(?:\s+up)?)\s+to\s+(?:one|1)(?!\w)"
    r"|(?:independent|regardless|irrespective)(?:ly)?\s+of\s+(?:the\s+)?(?:[^\W\d_]+\s*){1,2}"
    r"|square\s+(?:pixels?|units?|px)"
    r"|\A\s*only(?=\s+[0-9])|rounded\s+(?:up|down|off)|(?:the\s+)?same\s+as\s+(?:before|above)",
    re.IGNORECASE,
)
"""Clauses with such words that say nothing about the value."""
PER_ITEM: Final = lazy_regex(
    r"(?:per|for\s+each)\s+(?:image|sample|example|input|inference|forward(?:\s+pass)?)(?!\w)",
    re.IGNORECASE,
)
"""The thing to which a quantity belongs anyway, unless the question is about several."""
SEVERAL: Final = lazy_regex(
    r"batch|together|altogether|(?<!\w)all(?!\w)|(?:images|samples|examples|texts)(?!\w)",
    re.IGNORECASE,
)
COMPLEMENT: Final = lazy_regex(r"(?<![\w.])1(?:00\s?%?)?\s*[-−]\s*[^\W\d_]\w+\s*(?:=|:)")
"""A label such as ``1 - IoU``, whose value is the complement of what it names."""
ASKED_EACH: Final = lazy_regex(
    r"(?<!\w)(?:can|could|does|do|has|have|is|are|did|will)\s+each(?!\w)", re.IGNORECASE
)
"""A question about each of several things, whose answer may end with ``each``."""
PRONOUN: Final = lazy_regex(r"(?<!\w)of\s+(?:them|these|those|it)(?!\w)")
BEFORE: Final = lazy_regex(
    r"(?<!\w)(?:before|prior|until|enters?|input|into|comes?\s+in)", re.IGNORECASE
)
BEFORE_STEP: Final = lazy_regex(r"(?<!\w)before\s[^.,;?]{1,80}", re.IGNORECASE)
"""The step before which a question places its value."""
AFTER: Final = lazy_regex(
    r"(?<!\w)(?:after|behind|then|output|leaves?|follow|through)", re.IGNORECASE
)
"""Words of a question that place its value before or after a step."""
LATER: Final = lazy_regex(r"(?<!\w)(?:then|now|new|afterwards)(?!\w)", re.IGNORECASE)
"""Words of a question whose value comes after a change."""
ALL: Final = lazy_regex(r"(?<!\w)(?:all|both|together)(?!\w)", re.IGNORECASE)
WHOLES: Final = r"of(?=\s+(?:the|all|its|this|that)\s+[^\W\d_])"
"""A word between a share or a count and the whole; its object follows."""
CLASSES: Final = {
    "exclusion": EXCLUSIONS,
    "share": SHARES,
    "order": ORDERS,
    "correction": CORRECTIONS,
    "negation": NEGATIONS,
    "limit": LIMITS,
    "multiple": SHARE_WORDS,
    "quantity": OTHER_QUANTITIES,
    "function": FUNCTIONS,
    "whole": WHOLES,
}
_GROUPS: Final = "|".join(f"(?P<{name}>{words})" for name, words in CLASSES.items())
_START: Final = r"(?=[^\W\d_]|[0-9]+\s+o)"
"""How a qualifier begins: fast to reject at the digits of an array."""
QUALIFIER: Final = lazy_regex(rf"(?<!\w){_START}(?:{_GROUPS})(?![\w/])", re.IGNORECASE)
ASKED_FUNCTION: Final = lazy_regex(STATISTICS, re.IGNORECASE)
EXEMPTING: Final = {
    "exclusion": lazy_regex(
        rf"(?<!\w)(?:{EXCLUSIONS}|no|not|nor|neither|only)(?!\w)", re.IGNORECASE
    ),
    "share": lazy_regex(r"(?<!\w)(?:per|each|every|an?|one|single|all)(?!\w)", re.IGNORECASE),
    "order": lazy_regex(
        r"(?<!\w)(?:before|after|prior|until|behind|follow\w*|then|through|output|leaves?|enters?|input)(?!\w)",
        re.IGNORECASE,
    ),
    "negation": lazy_regex(r"(?<!\w)(?:not|never|no|nor|[^\W\d_]+n't)(?!\w)", re.IGNORECASE),
    "limit": lazy_regex(
        r"(?<!\w)(?:only|up\s+to|at\s+most|at\s+least|most|least|almost|nearly)(?!\w)",
        re.IGNORECASE,
    ),
}
"""Words of a question after which a student may qualify the answer in the same way."""
OBJECT: Final = lazy_regex(
    r"[\s,:(]*(?:(?:the|a|an|any|its|all|both|of|their|single|one|that|every|each|last|first|second|third|[0-9]{1,9})\s+)*([^\W\d_]{2,})",
    re.IGNORECASE,
)
"""The next word with a meaning of its own."""
LATER_LINK: Final = lazy_regex(r"=|≈|→|⇒|\\approx")
"""A sign behind which the value follows, so that a function before it is only on the way."""
_LARGEST: Final = frozenset({"most", "larg", "maxi", "bigg", "high", "peak", "long"})
LIMIT_ECHOES: Final = {
    "at most": _LARGEST,
    "up to": _LARGEST,
    "at least": frozenset({"leas", "smal", "mini", "fewe", "lowe", "shor"}),
}
"""Beginnings of words with which a question asks for a limit."""


def refuse_qualifiers(
    text: str, *, question: str = "", context: str = "", names: Collection[str] = ()
) -> None:
    """Raise `AnswerError` if words in *text* limit, negate or correct the value.

    Words that the *question* uses in the same way, and declared *names*, are harmless, and so are
    words that leave out what *context*, the statement of the problem, leaves out.

    >>> refuse_qualifiers("27 per filter", question="How many weights has each filter?")
    >>> refuse_qualifiers("27 per filter")
    Traceback (most recent call last):
    grader.errors.AnswerError: 'per filter' changes the meaning of the value. Expected the value \
that the question asks for, without this remark.
    """
    if not LETTER.search(text):
        return
    complement = COMPLEMENT.search(text)
    if complement and not {"dist", "loss", "erro", "comp"} & find_word_stems(question):
        raise qualifier_error(complement[0].rstrip("=: "), complement.start())
    matches = list(QUALIFIER.finditer(text))
    harmless = _find_harmless_spans(text, question) if matches else []
    for match in matches:
        if match[0] in names or any(start <= match.start() < end for start, end in harmless):
            continue
        if match.lastgroup == "function" and LATER_LINK.search(text, match.end()):
            continue
        following = OBJECT.match(text, match.end())
        excluded = (
            match.lastgroup == "exclusion"
            and following
            and excludes_noun(context, following[1])
            and following[1].lower()[:STEM_LETTERS] not in find_word_stems(question)
        )
        if not excluded and not is_used_by(question, match, following[1] if following else ""):
            end = following.end() if following else match.end()
            raise qualifier_error(text[match.start() : end], match.start())
    if inclusion := find_excluded_inclusion(text, question):
        raise qualifier_error(inclusion[0], inclusion.start())


def _find_harmless_spans(text: str, question: str) -> list[tuple[int, int]]:
    """Return the spans of the clauses in *text* that say nothing about the value."""
    spans = [match.span() for match in HARMLESS.finditer(text)]
    if not SEVERAL.search(question):
        spans += [match.span() for match in PER_ITEM.finditer(text)]
    return spans


def is_used_by(question: str, match: re.Match[str], following: str) -> bool:
    """Return whether the question uses the qualifier *match* with the same word *following*."""
    kind = str(match.lastgroup)
    stems = find_word_stems(question)
    if kind == "function" and not ASKED_FUNCTION.fullmatch(match[0]):
        return False
    if kind == "quantity" and match[0].lower().endswith("by"):
        return DIFFERENCE.search(question) is not None
    if kind == "quantity" and REST.fullmatch(match[0]) and NOT_REACHED.search(question):
        return True
    if kind in {"quantity", "multiple", "function"}:
        names = [word for word in match[0].lower().split() if word != "of"]
        return names[-1][:STEM_LETTERS] in stems
    if kind == "negation" and not following:
        return False
    if kind == "limit" and (stems_asked := LIMIT_ECHOES.get(" ".join(match[0].lower().split()))):
        return not stems.isdisjoint(stems_asked)
    if kind == "limit" and not following:
        return match[0].lower() in question.lower()
    if kind == "whole":
        pronoun = PRONOUN.search(question) is not None
        return not question.strip() or pronoun or following.lower()[:STEM_LETTERS] in stems
    if kind == "correction":
        return (
            re.search(rf"(?<!\w){re.escape(match[0])}(?!\w)", question, re.IGNORECASE) is not None
        )
    if kind == "share" and match[0].lower().startswith("for"):
        return ALL.search(question) is not None and following.lower()[:STEM_LETTERS] in stems
    if kind == "share" and not following:
        return match[0].lower() == "each" and ASKED_EACH.search(question) is not None
    if kind == "share":
        return asks_per_thing(question, following.lower()[:STEM_LETTERS])
    if kind == "exclusion" and following and _asks_to_include(question, following):
        return False
    if kind == "order" and not _has_same_order(question, match[0].lower(), following):
        return False
    words = EXEMPTING.get(kind)
    if words is None or not words.search(question):
        return False
    return not following or following.lower()[:STEM_LETTERS] in stems


def _asks_to_include(question: str, thing: str) -> bool:
    """Return whether *question* asks for a value with *thing*, ``with a causal mask``."""
    pattern = rf"(?<!\w)with\s+(?:(?:an?|the)\s+)?(?:[^\W\d_]+\s+)?{re.escape(thing)}(?!\w)"
    return re.search(pattern, question, re.IGNORECASE) is not None


def _has_same_order(question: str, word: str, step: str) -> bool:
    """Return whether *question* does not place its value only on the other side of a *step*."""
    if word == "after" and step and (before := BEFORE_STEP.search(question)):
        stem = step.lower()[:STEM_LETTERS]
        if stem in find_word_stems(before[0]) and stem not in find_word_stems(
            question.replace(before[0], " ")
        ):
            return False
    before, after = BEFORE.search(question), AFTER.search(question)
    if word != "after":
        return bool(before) and not LATER.search(question)
    return bool(after) or not before


def qualifier_error(words: str, position: int) -> AnswerError:
    """Return the error for *words* that limit, negate or correct the value."""
    return AnswerError(
        f"'{truncate_line(words.strip())}' changes the meaning of the value.",
        expected="the value that the question asks for, without this remark",
        position=position,
    )
