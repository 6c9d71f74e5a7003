"""A course as files: what stands in each of them, and what became of applying them."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from api.http.field_types import Count, Slug
from api.http.schema import Schema, with_examples
from api.schemas.assignments.problems import ProblemSettings
from api.schemas.assignments.settings import AssignmentSettings, AssignmentTitle
from api.schemas.courses.courses import CourseSettings, CourseSlug, CourseTitle, Zone
from api.schemas.shared.effects import EFFECT, Effect

FILES: Final[dict[str, Any]] = {
    "course.yaml": "slug: dl-2026\ntitle: Deep Learning\nzone: Europe/Berlin\n",
    "assignments/hw-1.yaml": "title: Convolutions\nproblems:\n- {problem: conv-output-shape}\n",
}


class CourseFile(CourseSettings):
    """What ``course.yaml`` says; the *slug* names the course, and is not changed by it."""

    slug: CourseSlug
    title: CourseTitle
    zone: Zone


class ProblemEntry(ProblemSettings):
    """A problem in the file of an assignment.

    *version* is a number in *space*. Without it, it is the newest, the course's own before the
    bank's; a problem that students have seen stays as it is.
    """

    problem: Slug
    of: Slug | None = None
    version: Count | None = None
    space: Literal["bank", "course"] | None = None


class AssignmentFile(AssignmentSettings):
    """What ``assignments/SLUG.yaml`` says; what it leaves out has its default."""

    title: AssignmentTitle
    published: bool = False
    problems: Annotated[tuple[ProblemEntry, ...], Field(max_length=200)] = ()


class CourseFiles(Schema):
    """The files of a course by path."""

    model_config = with_examples({"files": FILES})

    files: dict[str, str]


class ApplyFilesIn(Schema):
    """The files of a course; *prune* removes what the course has and the files do not."""

    model_config = with_examples({"files": FILES})

    files: Annotated[dict[str, str], Field(min_length=1, max_length=1000)]
    prune: bool = False


class FileChange(Schema):
    """A file that the export of the course would change, as a diff."""

    path: str
    kind: Literal["added", "changed", "removed"]
    diff: tuple[str, ...]


class Applied(Schema):
    """The result of applying files.

    *left* are files that the course has in addition to those that were sent. *notes* state what
    could not be changed at once. *effect* is the effect on grades.
    """

    model_config = with_examples(
        {
            "changes": [
                {
                    "path": "assignments/hw-1.yaml",
                    "kind": "changed",
                    "diff": ["-attempts: 3", "+attempts: 5"],
                }
            ],
            "left": [],
            "notes": [],
            "effect": EFFECT,
        }
    )

    changes: tuple[FileChange, ...]
    left: tuple[str, ...]
    notes: tuple[str, ...]
    effect: Effect
