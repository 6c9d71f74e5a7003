"""Passages of a document that may answer a part: values with the words around them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from grader.reports.blocks import Block, Place
from grader.reports.labels import Label, LabelTracker
from grader.reports.words import find_words, numbered

MAX_PASSAGES: Final = 6_000
MAX_QUOTE: Final = 240
PassageForm: TypeAlias = Literal["number", "shape", "matrix", "formula", "text", "table"]

OWN, LEAD, CLAUSE, PARAGRAPH, LABEL, HEADING = 1.0, 0.6, 0.55, 0.5, 0.45, 0.35
"""Weights of words: beside the value, in the line that leads to it, and further away."""

LIST_MARK: Final = re.compile(r"^[\s>]*(?:[-*•+♦]\s+)+|^\s*(?:⇒|\\Rightarrow|=>|→)\s*")
EMPHASIS: Final = re.compile(r"\*\*|__|<[^<>\n]{1,40}>")
GLUED: Final = re.compile(r"(?<=\d)(?=[A-Z][a-z]{2,}(?:\s\w+)?\s*[:=])")
CLAUSE_END: Final = re.compile(
    r"(?<=[\w)%$°])[.;](?=\s+[A-Z(]|\s*$)|;\s|(?<=\d),\s+(?=[A-Za-z][\w ]{2,40}[:=])"
    r"|\n(?=\s*[-*•]\s)"
)
DISPLAY: Final = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
INLINE: Final = re.compile(r"(?<!\$)\$([^$\n]{1,400})\$(?!\$)")
MATRIX_TEX: Final = re.compile(r"\\begin\{([bpvBV]?matrix|array|smallmatrix)\}")
MATRIX_TEXT: Final = re.compile(
    r"\[\s*\[|\[[^\[\]]*;[^\[\]]*\]|^\s*\[\s*[-+\d.]|(?:tensor|array)\(\["
)
DIGIT: Final = re.compile(r"\d")
LETTERED: Final = re.compile(r"(?<![a-z\\])[A-Za-z](?![a-z])")
CROSS: Final = r"(?:×|x|X|\*|\\times|·|\\cdot|by)"
SHAPE: Final = re.compile(
    rf"(?<![\w.])(?:\d+|[A-Z]'?)(?:\s*{CROSS}\s*(?:\d+|[A-Z]'?)){{1,4}}(?![\w])"
    r"|[(\[]\s*\d+(?:\s*,\s*\d+){1,4}\s*,?\s*[)\]]"
)
LISTED: Final = r"[-+−]?\d[\d.]*(?:/\d+)?"
VECTOR: Final = re.compile(rf"[(\[]\s*{LISTED}(?:\s*,\s*{LISTED}){{1,50}}\s*[)\]]")
QUANTITY: Final = re.compile(
    r"(?<![\w.])[-+−]?\d(?:[\d]|,(?=\d{3})|\.(?=\d))*(?:\s?%|\s(?:million|billion|thousand)\b"
    r"|\s?(?:[KMGT]i?B|kB|MB|bytes?|ms|M|K|G)\b)?"
)
RELATION: Final = re.compile(r"=|≈|\\approx|\\Rightarrow|→")
CONJUNCTION: Final = re.compile(r"\b(?:and|but|while|whereas|with|versus|vs)\b|[,;]")
SOLUTION: Final = re.compile(r"(?:solution|answer|my answer|lösung)s?\s*[:.]?", re.IGNORECASE)
WORD_CHARACTERS: Final = re.compile(r"[A-Za-z]{3,}")
RESULT_SIGNS: Final = ("=", "⇒", "\\Rightarrow", "→", "≈")
TRAILING_WORDS: Final = re.compile(r"(?<=[\d)$%])\s*(?:,\s*)?[A-Za-z][A-Za-z ,]{1,40}\.?$")
GIVEN_WORDS: Final = frozenset({"input", "filter", "image", "given", "original", "pad", "padding"})
RESULT_WORDS: Final = frozenset({"output", "total", "feature", "answer", "param"})


@dataclass(frozen=True, slots=True)
class Passage:
    """A value in a document, with the words and the label that it stands under.

    *text* is what the reader gets; *quote* is the line around it. *forms* are the kinds of value
    that it may have, *words* the words around it with their weights. *is_cut* says that the value
    was taken out of a sentence with other values, *is_conclusion* that it ends a chain or follows
    a name, *is_question* that it stands before the word "solution". *source* is the whole block.
    """

    text: str
    quote: str
    place: Place
    forms: frozenset[PassageForm]
    words: Mapping[str, float]
    label: Label
    index: int
    label_text: str = ""
    is_cut: bool = False
    is_conclusion: bool = False
    is_input: bool = False
    is_question: bool = False
    is_last: bool = False
    doubt: str = ""
    source: str = ""

    def numbers(self) -> frozenset[str]:
        """Return the layer, step or place whose name stands near the value."""
        return numbered(word for word, weight in self.words.items() if weight >= LEAD)

    def shorter_texts(self) -> Iterator[str]:
        """Yield less of the passage, for a reader that refuses the words in it."""
        _, value = _split_label(self.text)
        value = value or self.text
        _, is_named, link = value.strip("$ ").partition("=")
        bare = TRAILING_WORDS.sub("", value)
        yield from dict.fromkeys(
            text.strip()
            for text in (value, link if is_named else "", bare)
            if text.strip() and text != self.text
        )


@dataclass(slots=True)
class _Context:
    """Words of the headings and lines that lead to the next values.

    *numbers* are the last layer, step or place that a lead named, *clause* the words of the current
    sentence, *paragraph* those of the sentences before it.
    """

    heading: frozenset[str] = frozenset()
    leads: list[frozenset[str]] = field(default_factory=list)
    label_words: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    clause: frozenset[str] = frozenset()
    paragraph: frozenset[str] = frozenset()

    def lead(self, words: frozenset[str]) -> None:
        """Add the words of a line that leads to the next values."""
        names = numbered(words)
        self.numbers = names or self.numbers
        self.leads = [*self.leads, words - names][-3:]

    def weigh(self, own: frozenset[str]) -> dict[str, float]:
        """Return the words around a value with their weights."""
        weights = dict.fromkeys(self.heading, HEADING)
        _raise_weights(weights, self.label_words, LABEL)
        for distance, lead in enumerate(reversed(self.leads)):
            _raise_weights(weights, lead, LEAD / 2**distance)
        _raise_weights(weights, self.paragraph, PARAGRAPH)
        _raise_weights(weights, self.numbers, LEAD)
        if numbered(self.clause):
            weights = {w: x for w, x in weights.items() if w not in numbered(weights)}
        _raise_weights(weights, self.clause, CLAUSE)
        _raise_weights(weights, own, OWN)
        return weights


def _raise_weights(weights: dict[str, float], words: frozenset[str], weight: float) -> None:
    for word in words:
        weights[word] = max(weights.get(word, 0), weight)


def find_passages(blocks: Sequence[Block]) -> tuple[Passage, ...]:
    """Return the passages of a document, in its order; no more than `MAX_PASSAGES`."""
    finder = _PassageFinder()
    for block in blocks:
        finder.read(block)
        if len(finder.passages) >= MAX_PASSAGES:
            break
    return _mark_last(finder.passages[:MAX_PASSAGES])


def _mark_last(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Mark each passage that is the last before another label, layer, step or place."""
    contexts = [(passage.label, passage.numbers()) for passage in passages]
    return tuple(
        replace(passage, is_last=index + 1 == len(passages) or context != contexts[index + 1])
        for index, (passage, context) in enumerate(zip(passages, contexts, strict=True))
    )


class _PassageFinder:
    """Goes through the blocks of a document and collects its passages."""

    def __init__(self) -> None:
        self.passages: list[Passage] = []
        self._labels = LabelTracker()
        self._label_start = 0
        self._source = ""
        self._context = _Context()

    def read(self, block: Block) -> None:
        """Collect the passages of one block."""
        self._source = block.text.strip()
        if block.form == "table":
            self._read_table(block)
        elif block.form == "matrix":
            self._add(
                block,
                block.text,
                block.text,
                frozenset({"matrix"}),
                frozenset(),
                is_conclusion=True,
            )
        elif block.form == "code":
            self._read_code(block)
        else:
            self._read_text(block)

    def _read_text(self, block: Block) -> None:
        text = GLUED.sub("\n- ", EMPHASIS.sub("", block.text))
        end = self._labels.follow(text.lstrip(), is_heading=block.form == "heading")
        if end is not None:
            text = text.lstrip()[end:]
            self._context = _Context(
                self._context.heading if self._labels.path[1:] else frozenset()
            )
            self._label_start = len(self.passages)
            self._source = text.strip()
        if SOLUTION.fullmatch(text.strip()):
            self._mark_question()
            return
        self._context.paragraph = frozenset()
        for clause in _split_clauses(text):
            self._context.clause = find_words(clause)
            self._read_clause(block, clause)
            self._context.paragraph |= self._context.clause
        self._context.clause = self._context.paragraph = frozenset()
        if block.form == "heading":
            words = find_words(text)
            is_minor = len(words) <= 2 and not numbered(words)  # noqa: PLR2004  # "Calculation:"
            self._context = _Context(
                words | self._context.heading if is_minor else words,
                numbers=self._context.numbers if is_minor else numbered(words),
            )
        elif end is not None:
            self._context.label_words = find_words(_before_value(text))

    def _mark_question(self) -> None:
        """Mark what stands between the label and the word "solution" as the question."""
        start = self._label_start
        self.passages[start:] = [
            replace(passage, is_question=True) for passage in self.passages[start:]
        ]
        self._context.leads, self._context.numbers = [], frozenset()

    def _read_clause(self, block: Block, clause: str) -> None:
        clause = LIST_MARK.sub("", clause).strip()
        if not clause:
            return
        added = len(self.passages)
        self._read_values(block, clause)
        if len(self.passages) == added:
            self._read_words(block, clause)
        is_lead = clause.rstrip().endswith(":") or block.form == "heading"
        short = len(clause) <= 60 and not DIGIT.search(clause)  # noqa: PLR2004  # a title
        if (is_lead or short) and (words := find_words(clause)):
            self._context.lead(words)

    def _read_values(self, block: Block, clause: str) -> None:
        if MATRIX_TEX.search(clause) or MATRIX_TEXT.search(clause):
            self._read_matrices(block, clause)
        elif _is_mathematical(clause):
            self._add_value(block, clause, clause)
        else:
            self._read_sentence(block, clause)

    def _read_matrices(self, block: Block, clause: str) -> None:
        """Collect the arrays of a clause: one for each formula, and for each named array in it."""
        formulas = DISPLAY.findall(clause) or [clause]
        for formula in formulas:
            for piece in re.split(
                r"\\q?quad|(?<=matrix\})\s*,|(?<=\})\s+(?=[A-Z]\s*=\s*\\begin)", formula
            ):
                if DIGIT.search(piece):
                    outside = MATRIX_TEX.split(clause)[0] + clause[clause.rfind("$$") + 2 :]
                    own = find_words(
                        MATRIX_TEX.sub(" ", f"{outside} ; {_before_value(piece)}"[:200])
                    )
                    self._add(
                        block,
                        piece.strip(),
                        clause,
                        frozenset({"matrix"}),
                        own,
                        is_conclusion=True,
                    )

    def _read_sentence(self, block: Block, clause: str) -> None:
        """Collect the formulas and numbers of a sentence, with the words beside each."""
        label, value = _split_label(clause)
        if label and value and (_is_mathematical(value) or _count_values(value) == 1):
            self._add_value(block, value, clause, label=label)
            return
        spans = _find_spans(clause)
        for index, (start, end) in enumerate(spans):
            before = clause[spans[index - 1][1] if index else 0 : start]
            after = clause[end : spans[index + 1][0] if index + 1 < len(spans) else len(clause)]
            after = CONJUNCTION.split(after)[0] if index + 1 < len(spans) else after
            if index:  # the words between two numbers belong to the first, if any can
                before = "" if find_words(after) else CONJUNCTION.split(before)[-1]
            own = find_words(f"{label} ; {before[-120:]} ; {after[:120]}")
            self._add(
                block,
                clause[start:end],
                clause,
                _forms_in_sentence(clause[start:end]),
                own,
                is_cut=len(spans) > 1,
            )

    def _add_value(self, block: Block, value: str, clause: str, *, label: str = "") -> None:
        own = find_words(f"{label} ; {_before_value(value)} ; {_after_value(value)}")
        self._add(
            block, value.strip(), clause, _forms(value), own, label_text=label, is_conclusion=True
        )

    def _read_words(self, block: Block, clause: str) -> None:
        label, value = _split_label(clause)
        if label and value:
            self._add(
                block,
                value.strip(),
                clause,
                frozenset({"text"}),
                find_words(label),
                label_text=label,
            )
        elif len(clause) > 1:
            self._add(block, clause, clause, frozenset({"text"}), find_words(clause))

    def _read_table(self, block: Block) -> None:
        """Collect the cells of a table, with the words of their row and column."""
        rows = [
            [cell.strip() for cell in line.strip().strip("|").split("|")]
            for line in block.text.splitlines()
            if line.strip() and not re.fullmatch(r"[\s|:+-]+", line)
        ]
        if not rows:
            return
        header = rows[0]
        self._add(block, block.text, block.text, frozenset({"table", "matrix"}), frozenset())
        for row in rows[1:]:
            for column, cell in enumerate(row[1:], 1):
                if DIGIT.search(cell) or LETTERED.search(cell):
                    title = header[column] if column < len(header) else ""
                    label = f"{row[0]} {title if len(header) > 2 else ''}"  # noqa: PLR2004
                    self._add(
                        block,
                        cell,
                        " | ".join(row),
                        _forms(cell),
                        find_words(f"{row[0]} {title}"),
                        label_text=label.strip(),
                        is_conclusion=True,
                    )

    def _read_code(self, block: Block) -> None:
        """Collect what code prints: its arrays, and its lines that name a value."""
        for reading in _iterate_arrays(block.text):
            self._add(block, reading, reading, frozenset({"matrix"}), frozenset())
        for line in block.text.splitlines():
            label, value = _split_label(line)
            if label and DIGIT.search(value) and not MATRIX_TEXT.search(line) and "(" not in label:
                self._add_value(block, value, line, label=label)

    def _add(
        self,
        block: Block,
        text: str,
        quote: str,
        forms: frozenset[PassageForm],
        own: frozenset[str],
        *,
        label_text: str = "",
        is_cut: bool = False,
        is_conclusion: bool = False,
    ) -> None:
        words = self._context.weigh(own)
        near = own
        if not own and self._context.leads and not text.lstrip("$ ").startswith(RESULT_SIGNS):
            near = self._context.leads[-1]
        self.passages.append(
            Passage(
                text,
                shorten_quote(quote, text),
                block.place,
                forms,
                words,
                self._labels.path,
                len(self.passages),
                label_text.strip(),
                is_cut,
                is_conclusion,
                bool(near & GIVEN_WORDS) and not near & RESULT_WORDS,
                doubt=block.doubt,
                source=self._source,
            )
        )


def shorten_quote(quote: str, text: str) -> str:
    """Return a quote of bounded length that has the start of *text* in it."""
    flat, value = " ".join(quote.split()), " ".join(text.split())
    if len(flat) <= MAX_QUOTE:
        return flat
    start = max(0, flat.find(value[:60]) - 60)
    return f"{'…' if start else ''}{flat[start : start + MAX_QUOTE - 2]}…"


def _split_clauses(text: str) -> Iterator[str]:
    """Yield the clauses of a line; formulas stay whole."""
    hidden = [match.span() for match in (*DISPLAY.finditer(text), *INLINE.finditer(text))]
    start = 0
    for match in CLAUSE_END.finditer(text):
        if not any(low < match.start() < high for low, high in hidden):
            yield text[start : match.start()]
            start = match.end()
    yield text[start:]


def _split_label(clause: str) -> tuple[str, str]:
    """Return the words before a colon and the value behind it; "" for both if there is none."""
    match = re.match(r"([^:=]{1,120}?(?:\([^()]{0,60}\))?)\s*:(?!=|\d)\s*(.*)\Z", clause, re.DOTALL)
    return (match[1], match[2]) if match and WORD_OR_NAME.search(match[1]) else ("", "")


WORD_OR_NAME: Final = re.compile(r"[A-Za-z]|\d\s*(?:→|\\)")


def _is_mathematical(clause: str) -> bool:
    """Return whether a clause is a formula with few words, so that it is one value."""
    bare = re.sub(r"\\(?:text|mathrm|operatorname)\s*\{[^{}]*\}|\\[a-zA-Z]+", " ", clause)
    if not RELATION.search(clause) and not DISPLAY.search(clause):
        return not WORD_CHARACTERS.search(bare) and bool(re.search(r"\d|\\", clause))
    _, _, tail = clause.rpartition("=")
    words = WORD_CHARACTERS.findall(re.sub(r"\([^()]*\)", " ", bare))
    tail_words = WORD_CHARACTERS.findall(re.sub(r"\\[a-zA-Z]+|\([^()]*\)", " ", tail))
    return len(words) <= 8 and len(tail_words) <= 4  # noqa: PLR2004  # a name and a unit


def _before_value(text: str) -> str:
    return re.split(r"=|≈|\\approx", text, maxsplit=1)[0] if RELATION.search(text) else ""


def _after_value(text: str) -> str:
    match = re.search(r"[\d$)]\s*((?:[A-Za-z(][^=]*)?)\Z", text)
    return match[1] if match else ""


def _count_values(text: str) -> int:
    return len(_find_spans(text))


def _find_spans(clause: str) -> list[tuple[int, int]]:
    """Return where the formulas, shapes and numbers of a sentence are."""
    spans: list[tuple[int, int]] = []
    for pattern in (INLINE, VECTOR, SHAPE, QUANTITY):
        for match in pattern.finditer(clause):
            if pattern is INLINE and not re.search(r"\d|[=+]|\\times|\\cdot", match[0]):
                continue
            if not any(start < match.end() and match.start() < end for start, end in spans):
                spans.append(match.span())
    return sorted(spans)


def _iterate_arrays(text: str) -> Iterator[str]:
    """Yield the printed arrays of code output: lines from ``[[`` to ``]]``."""
    lines: list[str] = []
    depth = 0
    for line in text.splitlines():
        starts = re.match(r"\s*(?:\w+\s*=\s*)?(?:tensor\(|array\(|\[)?\s*\[\s*\[?\s*[-+.\d]", line)
        if not lines and not starts:
            continue
        lines.append(line)
        depth += line.count("[") - line.count("]")
        if depth <= 0:
            yield "\n".join(lines)
            lines, depth = [], 0


def _forms_in_sentence(text: str) -> frozenset[PassageForm]:
    """Return the forms of a value in a sentence, where 8×8 is no product."""
    forms = _forms(text)
    bare = text.strip("$ ")
    return forms - {"number"} if SHAPE.fullmatch(bare) else forms


def _forms(text: str) -> frozenset[PassageForm]:
    """Return the kinds of value that a text may have, by its characters."""
    forms: set[PassageForm] = set()
    if MATRIX_TEX.search(text) or MATRIX_TEXT.search(text) or VECTOR.search(text):
        forms.add("matrix")
    if DIGIT.search(text):
        forms.add("number")
    if SHAPE.search(text):
        forms.add("shape")
    if LETTERED.search(text):
        forms.add("formula")
    return frozenset(forms or {"text"})
