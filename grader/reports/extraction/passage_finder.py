"""Search for passages: the blocks of a document are cut into values with the words around them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from grader.reports.blocks import Block
from grader.reports.extraction.array_values import find_arrays
from grader.reports.extraction.clauses import (
    ARRAY,
    DIGIT,
    MATRIX_TEX,
    MATRIX_TEXT,
    TEXT,
    PassageForm,
    find_forms,
    find_forms_in_sentence,
    find_spans,
    find_unit_words,
    find_words_beside,
    get_text_before_value,
    get_words_after_value,
    is_mathematical,
    shorten_quote,
    split_clauses,
    split_label,
    split_printed_code,
)
from grader.reports.extraction.passage_context import PassageContext
from grader.reports.extraction.passages import Passage, link_conclusion, mark_last_in_each_context
from grader.reports.extraction.patterns import (
    CONCLUDES,
    CONCLUDING,
    CORRECTION,
    GIVEN_WORDS,
    LIST_MARK,
    NAMED_VALUES,
    NUMBERED_TITLE,
    OPEN_END,
    PREMISE,
    RESULT_MARK,
    RESULT_SIGNS,
    RESULT_WORDS,
    SOLUTION,
    TERM_NOTE,
    TITLE,
    find_emphasized,
    is_emphasized,
    simplify_markup,
)
from grader.reports.extraction.printed_values import split_printed, split_printed_line
from grader.reports.extraction.sentences import find_lists, split_sentence
from grader.reports.extraction.tables import iterate_cells
from grader.reports.labels import Label, LabelTracker, parse_label
from grader.reports.words import find_words, select_numbering_words

MAX_PASSAGES: Final = 6_000


def find_passages(blocks: Sequence[Block], labels: Iterable[Label] = ()) -> tuple[Passage, ...]:
    """Return at most `MAX_PASSAGES` passages of a document; *labels* are those of the sheet."""
    finder = _PassageFinder(labels)
    for block in blocks:
        finder.read(block)
        if len(finder.passages) >= MAX_PASSAGES:
            break
    return mark_last_in_each_context(finder.passages[:MAX_PASSAGES])


class _PassageFinder:
    """Goes through the blocks of a document and collects its passages."""

    def __init__(self, labels: Iterable[Label]) -> None:
        self.passages: list[Passage] = []
        self._labels = LabelTracker(labels)
        self._label_start, self._line_start, self._source = 0, 0, ""
        self._emphasized: list[str] = []
        self._is_premise = False
        self._previous: frozenset[str] = frozenset()
        self._context = PassageContext()

    def read(self, block: Block) -> None:
        """Collect the passages of one block."""
        self._source = block.text.strip()
        self._emphasized, self._is_premise = [], False
        self._context.paragraph = self._previous
        if block.form == "table":
            self._read_table(block)
        elif block.form == "matrix":
            self._add(block, block.text, block.text, ARRAY, frozenset(), is_conclusion=True)
        elif block.form in {"code", "output"}:
            self._read_code(block)
        else:
            self._read_text(block)
        if block.form in {"text", "heading"}:
            self._previous = frozenset() if block.form == "heading" else find_words(self._source)

    def _read_text(self, block: Block) -> None:
        self._emphasized = find_emphasized(block.text)
        text = simplify_markup(block.text)
        self._is_premise = PREMISE.match(text) is not None and not CONCLUDES.search(text)
        indent = len(text) - len(text.lstrip(" "))
        is_heading = block.form == "heading"
        end = self._labels.follow(text.lstrip(), is_heading=is_heading, indent=indent)
        if end is not None:
            text = text.lstrip()[end:]
            heading = self._context.heading if self._labels.path[1:] else frozenset()
            self._context = PassageContext(heading)
            self._label_start = len(self.passages)
            self._source = text.strip()
        if CORRECTION.match(text):
            self._drop_results(self._line_start)
        self._line_start = len(self.passages)
        if SOLUTION.fullmatch(text.strip()):
            self._mark_question()
            return
        if block.form != "math" or end is not None:
            self._context.paragraph = frozenset()
        clauses = list(split_clauses(text))
        for number, clause in enumerate(clauses, 1):
            self._context.clause = find_words(TERM_NOTE.sub(" ", clause))
            start, added = self._line_start, len(self.passages)
            self._read_clause(block, clause)
            if number == len(clauses) > 1 and CONCLUDING.match(clause):
                words = find_words(split_label(clauses[0])[0])
                self.passages[start:] = link_conclusion(self.passages[start:], added - start, words)
            self._context.paragraph |= self._context.clause
        self._context.clause = self._context.paragraph = frozenset()
        if NAMED_VALUES.fullmatch(text.strip()):
            self._add(block, text.strip(), text, ARRAY, find_words(text), is_conclusion=True)
        if block.form == "heading":
            words = find_words(text)
            is_minor = len(words) <= 2 and not select_numbering_words(words)  # noqa: PLR2004  # "Calculation:"
            self._context = PassageContext(
                words | self._context.heading if is_minor else words,
                numbers=self._context.numbers if is_minor else select_numbering_words(words),
            )
        elif end is not None:
            self._context.label_words = find_words(get_text_before_value(text))

    def _mark_question(self) -> None:
        """Mark what stands between the label and the word "solution" as the question."""
        questions = self.passages[self._label_start :]
        self.passages[self._label_start :] = [replace(item, is_question=True) for item in questions]
        self._context.leads, self._context.numbers = [], frozenset()

    def _read_clause(self, block: Block, clause: str) -> None:
        is_result = RESULT_MARK.match(clause) is not None
        clause = LIST_MARK.sub("", clause).strip()
        if not clause:
            return
        added = len(self.passages)
        if not NUMBERED_TITLE.fullmatch(clause):
            self._read_values(block, clause)
        if len(self.passages) == added:
            self._read_words(block, clause)
        elif is_result and len(self.passages) == added + 1:
            self.passages[-1] = replace(self.passages[-1], is_conclusion=True)
        if OPEN_END.search(clause):
            self._drop_results(added)
        is_lead = clause.rstrip().endswith(":") or block.form == "heading"
        if (is_lead or TITLE.fullmatch(clause)) and (words := find_words(clause)):
            self._context.add_leading_words(words)

    def _drop_results(self, start: int) -> None:
        """Mark the passages from *start* as values that are no results."""
        self.passages[start:] = [
            replace(passage, is_input=True, is_conclusion=False)
            for passage in self.passages[start:]
        ]

    def _read_values(self, block: Block, clause: str) -> None:
        if MATRIX_TEX.search(clause) or MATRIX_TEXT.search(clause):
            self._read_matrices(block, clause)
        elif is_mathematical(clause):
            label, _ = split_label(clause)
            self._add_value(block, clause, clause, label=label)
        else:
            self._read_sentence(block, clause)

    def _read_matrices(self, block: Block, clause: str) -> None:
        for text, beside, is_whole in find_arrays(clause):
            self._add(
                block, text, clause, ARRAY, beside, is_cut=not is_whole, is_conclusion=is_whole
            )

    def _read_sentence(self, block: Block, clause: str) -> None:
        """Collect the formulas and numbers of a sentence, with the words beside each."""
        label, value = split_label(clause)
        if label and value and (is_mathematical(value) or len(find_spans(value)) == 1):
            self._add_value(block, value, clause, label=label)
            return
        for span in split_sentence(clause, label):
            self._add(
                block,
                span.text,
                clause,
                find_forms_in_sentence(span.text),
                span.beside,
                is_cut=span.is_cut,
                is_conclusion=span.is_conclusion,
            )
            self.passages[-1] = replace(
                self.passages[-1], unit_words=span.unit_words, ends_sentence=span.ends_sentence
            )
        for text, beside, is_last in find_lists(clause):
            self._add(block, text, clause, ARRAY, beside, is_cut=True, is_conclusion=is_last)

    def _add_value(self, block: Block, value: str, clause: str, *, label: str = "") -> None:
        self._add(
            block,
            value.strip(),
            clause,
            find_forms(value),
            find_words_beside(label, value),
            label_text=label,
            is_conclusion=True,
        )
        unit_words = find_unit_words(get_words_after_value(value))
        self.passages[-1] = replace(self.passages[-1], unit_words=unit_words)

    def _read_words(self, block: Block, clause: str) -> None:
        label, value = split_label(clause)
        if label and value:
            self._add(block, value.strip(), clause, TEXT, find_words(label), label_text=label)
        elif len(clause) > 1:
            self._add(block, clause, clause, TEXT, find_words(clause))

    def _read_table(self, block: Block) -> None:
        """Collect a table, and its cells with the words of their row and column."""
        self._add(block, block.text, block.text, frozenset({"table", "matrix"}), frozenset())
        for cell in iterate_cells(block.text):
            label = parse_label(cell.row_label)
            if label and label[0].isalpha() and label[-1].isalpha():  # II.3 has its question
                label = (*self._labels.question, *label)
            name, value = split_label(cell.text)
            value = value or cell.text
            self._add(
                block,
                value,
                cell.row,
                find_forms(value),
                find_words(cell.words) | find_words_beside(name, value),
                label_text=name or cell.label,
                is_conclusion=True,
            )
            self.passages[-1] = replace(
                self.passages[-1],
                column_words=find_words(cell.column),
                other_columns=find_words(cell.other_columns),
                label=label or self.passages[-1].label,
            )

    def _read_code(self, block: Block) -> None:
        """Collect what code prints: its arrays, and its lines that name a value."""
        is_output = block.form == "output"
        for line, is_array in split_printed_code(block.text):
            if is_array:
                self._add(block, line, line, ARRAY, frozenset())
                continue
            for text in split_printed_line(line, is_output=is_output):
                if printed := split_printed(text, is_output=is_output):
                    self._add_value(block, printed[1], text, label=printed[0])
                elif text.strip() and not DIGIT.search(text) and (words := find_words(text)):
                    self._context.add_leading_words(words)

    def _add(
        self,
        block: Block,
        text: str,
        quote: str,
        forms: frozenset[PassageForm],
        beside: frozenset[str],
        *,
        label_text: str = "",
        is_cut: bool = False,
        is_conclusion: bool = False,
    ) -> None:
        words = self._context.weigh(beside)
        near = beside
        if not beside and self._context.leads and not text.lstrip("$ ").startswith(RESULT_SIGNS):
            near = self._context.leads[-1]
        self.passages.append(
            Passage(
                text,
                shorten_quote(quote, text),
                block.location,
                forms,
                words,
                self._labels.path,
                len(self.passages),
                label_text.strip(),
                is_cut,
                is_conclusion,
                self._is_premise or (bool(near & GIVEN_WORDS) and not near & RESULT_WORDS),
                doubt=block.doubt,
                source=self._source,
                is_emphasized=is_emphasized(text, self._emphasized),
            )
        )
