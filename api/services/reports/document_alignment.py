"""Alignment of a document with the parts of a sheet: its template marks first, then its passages.

Uploads and the command line call the same function, so that they read a document alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from api.services.reports.documents import read_blocks, read_marked_answers
from grader.reports.aligned_parts import AlignedPart
from grader.reports.alignment import align_report
from grader.reports.documents.answer_marks import MarkedAnswer, PartName
from grader.reports.documents.tex_source import split_tex
from grader.reports.doubts import UNREADABLE
from grader.reports.extraction.clauses import shorten_quote
from grader.reports.extraction.passage_finder import find_passages
from grader.reports.extraction.passages import Passage
from grader.reports.regions import MIN_LETTERS, contradict_words
from grader.reports.sheet import SheetPart


def align_document(
    data: bytes, ending: str, parts: Sequence[SheetPart], *, has_set_labels: bool
) -> list[AlignedPart]:
    """Return for each part, in order, the passage that answers it.

    Marked answers of a template are read exactly. *has_set_labels* says that a person set the
    labels of the sheet; otherwise a document may number its answers in its own way. Raises
    `ReportError` for a refused file.
    """
    passages = find_passages(read_blocks(data, ending), [part.label for part in parts])
    if not has_set_labels:
        parts = _drop_unused_labels(parts, passages)
    aligned = _read_marked_parts(parts, read_marked_answers(data, ending))
    unmarked = [part for part in parts if (part.problem, part.part) not in aligned]
    aligned |= {
        (item.part.problem, item.part.part): item for item in align_report(unmarked, passages)
    }
    return [aligned[part.problem, part.part] for part in parts]


def _drop_unused_labels(
    parts: Sequence[SheetPart], passages: Sequence[Passage]
) -> Sequence[SheetPart]:
    """Return the parts without the labels that the report does not use.

    A report that has all labels uses them. If it lacks some, students may have numbered their
    answers in their own way: a problem keeps its labels only if the report has most of them and no
    others, and no words contradict them.
    """
    known = {passage.label for passage in passages}
    if all(part.label in known for part in parts):
        return parts
    used = {
        problem
        for problem in dict.fromkeys(part.problem for part in parts)
        if _uses_labels([part for part in parts if part.problem == problem], passages)
    }
    return [part if part.problem in used else replace(part, label=()) for part in parts]


def _uses_labels(parts: Sequence[SheetPart], passages: Sequence[Passage]) -> bool:
    """Return whether a report numbers the answers to a problem by the labels of its *parts*."""
    positions = {part.label: index for index, part in enumerate(parts)}
    depth = len(parts[0].label) - 1
    if depth < 1:
        return False
    problem_passages = [item for item in passages if item.label[:depth] == parts[0].label[:depth]]
    rows = [positions.get(passage.label[: depth + 1]) for passage in problem_passages]
    known = {row for row in rows if row is not None}
    has_others = any(
        row is None and len(item.label) > depth
        for row, item in zip(rows, problem_passages, strict=True)
    )
    is_most = len(known) >= MIN_LETTERS * len(parts)
    return is_most and not has_others and not contradict_words(rows, parts, problem_passages)


def _read_marked_parts(
    parts: Sequence[SheetPart], answers: Mapping[PartName, MarkedAnswer]
) -> dict[PartName, AlignedPart]:
    """Return the parts that a filled-in template answers; an empty answer is missing."""
    aligned = {}
    for part in parts:
        answer = answers.get((part.problem, part.part))
        if answer is not None:
            aligned[part.problem, part.part] = _read_marked_part(part, answer)
    return aligned


def _read_marked_part(part: SheetPart, answer: MarkedAnswer) -> AlignedPart:
    if not answer.text:
        return AlignedPart(part, None)
    quote = shorten_quote(answer.text, answer.text)
    passage = Passage(
        answer.text, quote, answer.location, part.forms, {}, part.label, 0, source=answer.text
    )
    plain = "\n".join(block.text for block in split_tex(answer.text))
    for text in dict.fromkeys((answer.text, plain)):
        read_as = part.read(text)
        if read_as is not None:
            return AlignedPart(part, passage, text, read_as)
    return AlignedPart(part, passage, answer.text, doubt=UNREADABLE)
