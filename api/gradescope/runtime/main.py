"""Entry point inside Gradescope: grades the submission below the root folder.

Students may see what is written to `results.json`; the reason for a failure goes to standard error
alone, which is for staff.
"""

import json
import sys
import traceback
from pathlib import Path
from typing import Any, Final

from api.gradescope.runtime.answer_sheet import AnswerSheet, UploadError
from api.gradescope.runtime.configuration import (
    PROBLEMS_FOLDER,
    Configuration,
    load_configuration,
)
from api.gradescope.runtime.metadata import load_metadata
from api.gradescope.runtime.results import GradedUpload, build_failure, build_results
from api.gradescope.runtime.standings import compute_standings
from api.gradescope.runtime.uploads import read_answers
from api.gradescope.runtime.variants import solve_student_variant
from grader.variants.variant import Variant
from problems.catalog import ProblemCatalog

FAILURE_MESSAGE: Final = (
    "The autograder failed and graded nothing. Your files are saved. Tell the course "
    "staff: they can see the reason and run the autograder again."
)
SELF_CHECK: Final = "--check"


def run(root: Path, configuration_folder: Path) -> None:
    """Grade the submission below *root* and write `results/results.json`; never raises."""
    try:
        results = grade_submission(root, configuration_folder)
    except Exception:
        traceback.print_exc()
        results = build_failure(FAILURE_MESSAGE)
    _write_json(root / "results" / "results.json", results)


def grade_submission(root: Path, configuration_folder: Path) -> dict[str, Any]:
    """Return the content of `results.json` for the submission below *root*."""
    configuration = load_configuration(configuration_folder)
    metadata = load_metadata(root)
    variants = _solve_variants(configuration, configuration_folder, metadata.student)
    parts = {
        name: tuple(part.id for part in variant.problem.parts) for name, variant in variants.items()
    }
    try:
        sheet = read_answers(root / "submission", parts)
    except UploadError as error:
        sheet = AnswerSheet(parts)
        sheet.add_note(str(error))
    submissions = (*metadata.earlier, sheet.answers)
    standings = compute_standings(configuration, variants, submissions)
    return build_results(
        configuration, GradedUpload(variants, standings, sheet.answers, sheet.notes)
    )


def solve_every_problem(configuration_folder: Path) -> None:
    """Solve a variant of every problem; raises if the archive cannot grade on this machine."""
    configuration = load_configuration(configuration_folder)
    variants = _solve_variants(configuration, configuration_folder, "check@example.edu")
    compute_standings(configuration, variants, [{}])


def main() -> None:
    """Run the program: ``engine ROOT`` grades, ``engine --check`` tries whether it can."""
    configuration_folder = Path(sys.path[0])
    if sys.argv[1:] == [SELF_CHECK]:
        solve_every_problem(configuration_folder)
    else:
        run(Path(sys.argv[1]), configuration_folder)


def _solve_variants(configuration: Configuration, folder: Path, student: str) -> dict[str, Variant]:
    catalog = ProblemCatalog(folder / PROBLEMS_FOLDER)
    return {
        entry.name: solve_student_variant(configuration, entry, catalog, student)
        for entry in configuration.problems
    }


def _write_json(path: Path, data: dict[str, Any]) -> None:
    """Write *data*, whole or not at all; in ASCII, for an answer may have half a character."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(data), encoding="ascii")
    partial.replace(path)
