"""The uploaded file with the answers: found, read, and explained if it cannot be used."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from api.gradescope.runtime.answer_sheet import AnswerSheet, UploadError
from api.gradescope.runtime.documents import add_markdown_answers, add_notebook_answers
from api.services.files.csv_rows import (
    CsvRecords,
    detect_delimiter,
    unescape_formula,
)
from grader.errors import AnswerError
from grader.reading import load_json

ANSWER_FILES: Final = ("answers.csv", "answers.json", "answers.ipynb", "answers.md")
IGNORED_FOLDERS: Final = frozenset({"__MACOSX", ".ipynb_checkpoints", ".git"})
MAX_BYTES: Final = 10_000_000
MAX_LISTED_FILES: Final = 5
MAX_ROWS: Final = 10_000
SURPLUS_CELLS: Final = (
    "Line {line} was left out: it has more cells than the first line. Put an answer with a comma "
    'in quotes, such as "3,640".'
)


def read_answers(folder: Path, parts: Mapping[str, tuple[str, ...]]) -> AnswerSheet:
    """Return the answers in the one file of *folder* that has them.

    *parts* has the ids of the parts of each problem. Raises `UploadError` if there is no such file,
    if there are several, or if it cannot be read.
    """
    path = find_answer_file(folder)
    text = _read_text(path)
    sheet = AnswerSheet(parts)
    match path.suffix.casefold():
        case ".csv":
            add_csv_answers(text, sheet)
        case ".json":
            add_json_answers(text, sheet)
        case ".ipynb":
            add_notebook_answers(text, sheet)
        case _:
            add_markdown_answers(text, sheet)
    if not sheet.answers:
        sheet.add_note(f"There is no answer in {path.name}.")
    return sheet


def find_answer_file(folder: Path) -> Path:
    """Return the file with the answers: one named `answers`, or else the only notebook.

    Links are ignored: they might lead out of the submission.
    """
    files = [path for path in sorted(folder.rglob("*")) if _is_uploaded_file(path, folder)]
    named = [path for path in files if path.name.casefold() in ANSWER_FILES]
    candidates = named or [path for path in files if path.suffix.casefold() == ".ipynb"]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise UploadError(
            f"There is no file with answers. Upload one of {', '.join(ANSWER_FILES)}."
        )
    names = ", ".join(str(path.relative_to(folder)) for path in candidates[:MAX_LISTED_FILES])
    raise UploadError(f"There are several files with answers: {names}. Upload exactly one.")


def _is_uploaded_file(path: Path, folder: Path) -> bool:
    pieces = path.relative_to(folder).parts
    links = (folder.joinpath(*pieces[:end]) for end in range(1, len(pieces) + 1))
    return (
        not IGNORED_FOLDERS.intersection(pieces)
        and not any(link.is_symlink() for link in links)
        and path.is_file()
    )


def _read_text(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise UploadError(
            f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB. Remove everything but the "
            "answers, such as the output of cells."
        )
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UploadError(
            f"{path.name} is not UTF-8. Save it as UTF-8 (CSV UTF-8 in a spreadsheet)."
        ) from error


def add_csv_answers(text: str, sheet: AnswerSheet) -> None:
    """Add the rows of a CSV file with the columns `problem`, `part` and `answer` to *sheet*.

    `problem` may be missing if the parts have different ids.
    """
    header, _, body = text.replace("\r\n", "\n").replace("\r", "\n").partition("\n")
    delimiter = detect_delimiter(header)
    try:
        first_row = next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error:
        first_row = []
    names = [name.strip().casefold() for name in first_row]
    if not {"part", "answer"} <= set(names):
        raise UploadError(
            "The first line of the CSV file must name the columns: problem,part,answer."
        )
    for count, (line, row) in enumerate(
        CsvRecords(iter(io.StringIO(body, newline="")), delimiter, line=2)
    ):
        if count == MAX_ROWS:
            raise UploadError(f"The CSV file has more than {MAX_ROWS:,} rows.")
        if isinstance(row, csv.Error):
            sheet.add_note(f"Line {line} was left out: a quote is unbalanced.")
        elif any(cell.strip() for cell in row[len(names) :]):
            sheet.add_note(SURPLUS_CELLS.format(line=line))
        elif any(cell.strip() for cell in row):
            _add_row(dict(zip(names, row, strict=False)), f"Line {line}", sheet)


def _add_row(row: Mapping[str, str], where: str, sheet: AnswerSheet) -> None:
    problem = row.get("problem", "").strip()
    label = f"{problem}/{row.get('part', '')}" if problem else row.get("part", "")
    target = sheet.find_part(label)
    if target is None:
        sheet.add_unknown_name_note(label, where)
    else:
        sheet.add_answer(target, unescape_formula(row.get("answer", "")))


def add_json_answers(text: str, sheet: AnswerSheet) -> None:
    """Add the answers of a JSON object to *sheet*: by part, or by problem and part."""
    try:
        data = load_json(text)
    except (AnswerError, RecursionError) as error:
        raise UploadError(f"The JSON file cannot be read. {error}") from error
    if not isinstance(data, dict):
        raise UploadError('The JSON file must be an object, such as {"part": "answer"}.')
    for name, value in data.items():
        problem = sheet.find_problem(name)
        if problem is not None and isinstance(value, dict):
            for label, typed in value.items():
                _add_json_answer(sheet, sheet.find_part(label, problem), f"{name}/{label}", typed)
        else:
            _add_json_answer(sheet, sheet.find_part(name), name, value)


def _add_json_answer(
    sheet: AnswerSheet, target: tuple[str, str] | None, label: str, typed: object
) -> None:
    if target is None:
        sheet.add_unknown_name_note(label, "An answer")
    elif isinstance(typed, bool):
        sheet.add_answer(target, str(typed).lower())
    elif typed is not None:
        sheet.add_answer(target, typed)  # type: ignore[arg-type]  # readers refuse what they cannot read
