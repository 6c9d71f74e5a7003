"""A remark that layers of another kind are not counted: ``11 (pooling isn't counted)``."""

import re
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.restatements.rewriting import describe_dropped

REMARK: Final = lazy_regex(
    r"(?<=[\w)])(?:\s*\(|\s*,)\s*(?:the\s+)?(?P<layer>[^\W\d_]+)(?:\s+layers?)?\s+"
    r"(?:(?:is|are|was|were)\s*(?:n['’]?t|\s+not)|not)\s+(?:counted|included)"
    r"(?:,?\s+(?:since|because|as)\s+(?:it|they)\s+(?:has|have)\s+no\s+(?P<lack>[^\W\d_]+))?\)?[\s.]*\Z",
    re.IGNORECASE,
)
"""A kind of layer that a value leaves out, and perhaps the reason."""
KINDS: Final = {
    **dict.fromkeys(("conv", "convs"), "convolution"),
    **dict.fromkeys(("fc", "fcs", "dens", "line", "full"), "linear"),
    **dict.fromkeys(("pool", "maxp", "avgp"), "pooling"),
    **dict.fromkeys(("relu", "acti", "soft", "drop", "flat", "conc"), "function"),
}
"""Kinds of layers by the beginnings of their names; no layer has two kinds."""
WITHOUT_WEIGHTS: Final = frozenset({"pooling", "function"})
COUNTED: Final = lazy_regex(r"how\s+many\s+(?P<layer>[^\W\d_]+)", re.IGNORECASE)
WEIGHTS: Final = r"(?:weig|para)"


def strip_excluded_layers(text: str, question: str) -> tuple[str, tuple[str, ...]]:
    """Return *text* without a remark that leaves out what the *question* does, and a note on it.

    The question counts layers of another kind, or only those with weights.

    >>> strip_excluded_layers("19 (fc not counted)", "How many convolutions are there?")[0]
    '19'
    >>> strip_excluded_layers("11 (pooling isn't counted)", "How many layers with weights?")[0]
    '11'
    >>> strip_excluded_layers("11 (pooling isn't counted)", "How many layers?")[0]
    "11 (pooling isn't counted)"
    """
    remark = REMARK.search(text)
    if remark is None or not _leaves_out(question, remark["layer"], remark["lack"] or ""):
        return text, ()
    return text[: remark.start()], describe_dropped(remark[0].strip(" ,"))


def _leaves_out(question: str, layer: str, lack: str) -> bool:
    """Return whether *question* leaves out a *layer*, which lacks something."""
    kind = _find_kind(layer)
    if not kind:
        return False
    if kind in WITHOUT_WEIGHTS and re.match(WEIGHTS, lack or "weights", re.IGNORECASE):
        return re.search(rf"layers?\s+with\s+{WEIGHTS}", question, re.IGNORECASE) is not None or (
            not lack and _counts_other_kind(question, kind)
        )
    return not lack and _counts_other_kind(question, kind)


def _counts_other_kind(question: str, kind: str) -> bool:
    counted = COUNTED.search(question)
    return counted is not None and _find_kind(counted["layer"]) not in {"", kind}


def _find_kind(layer: str) -> str:
    return KINDS.get(layer.lower()) or KINDS.get(layer.lower()[:STEM_LETTERS], "")
