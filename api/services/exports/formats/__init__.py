"""Gradebook files for Canvas, Moodle, Gradescope, spreadsheets and programs.

Writers take a `ExportGradebook` and return text and warnings; they touch neither database nor disk.
"""

from collections.abc import Callable, Mapping
from typing import Final

from api.services.exports.formats.canvas import write_canvas
from api.services.exports.formats.csv_file import (
    write_cell_table,
    write_json_lines,
    write_student_table,
)
from api.services.exports.formats.export_gradebook import (
    WARNINGS,
    ExportCell,
    ExportColumn,
    ExportFile,
    ExportGradebook,
    ExportPerson,
    FileWarning,
    WarningCode,
)
from api.services.exports.formats.gradescope import write_gradescope_course
from api.services.exports.formats.moodle import write_moodle
from api.services.score_sheets.csv_format import (
    SheetRow,
    compute_row_version,
    stream_score_sheet,
    write_score_sheet,
)
from api.services.score_sheets.parser import (
    SheetChange,
    SheetChanges,
    SheetLineError,
    read_score_sheet,
    reject_mismatched_changes,
)

__all__ = [
    "WARNINGS",
    "WRITERS",
    "ExportCell",
    "ExportColumn",
    "ExportFile",
    "ExportGradebook",
    "ExportPerson",
    "FileWarning",
    "SheetChange",
    "SheetChanges",
    "SheetLineError",
    "SheetRow",
    "WarningCode",
    "compute_row_version",
    "read_score_sheet",
    "reject_mismatched_changes",
    "stream_score_sheet",
    "write_canvas",
    "write_cell_table",
    "write_gradescope_course",
    "write_json_lines",
    "write_moodle",
    "write_score_sheet",
    "write_student_table",
]

WRITERS: Final[Mapping[str, Callable[[ExportGradebook], ExportFile]]] = {
    "canvas": write_canvas,
    "cells": write_cell_table,
    "gradescope": write_gradescope_course,
    "json": write_json_lines,
    "moodle": write_moodle,
    "table": write_student_table,
}
"""Writers of a whole gradebook by format name; all formats but ``json`` are CSV."""
