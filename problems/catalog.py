"""Catalog of problems from the bank, a folder or single files, loaded on first use."""

from pathlib import Path
from typing import Self

from grader.definitions.name_checks import suggest_similar
from grader.definitions.problem import Problem
from grader.errors import ProblemError
from problems.files.loader import bank_root, find_problem_files, load_problem_file


class ProblemCatalog:
    """Problems by id, each loaded once, from folders or files; by default from the bank."""

    def __init__(self, *roots: Path) -> None:
        self._paths: dict[str, Path] = {}
        self._loaded: dict[str, Problem | ProblemError] = {}
        for root in roots or (bank_root(),):
            _check_readable(root)
            for path in find_problem_files(root):
                registered = self._paths.setdefault(path.stem, path)
                if registered is not path:
                    raise ProblemError(
                        f"the id {path.stem!r} is taken by {registered}; choose another",
                        file=str(path),
                    )

    @classmethod
    def from_folder(cls, folder: Path | None) -> Self:
        """Return the catalog of *folder*, or of the bank if it is None."""
        return cls(folder) if folder is not None else cls()

    @property
    def ids(self) -> tuple[str, ...]:
        """The sorted ids of all problems."""
        return tuple(sorted(self._paths))

    def get(self, problem: str) -> Problem:
        """Return a problem by its id; raise `ProblemError` if it is unknown or invalid.

        The loaded problem, or the error from loading it, is cached.
        """
        if problem not in self._loaded:
            path = self.path(problem)
            try:
                self._loaded[problem] = load_problem_file(path)
            except ProblemError as error:
                self._loaded[problem] = error
        entry = self._loaded[problem]
        if isinstance(entry, ProblemError):
            raise entry.with_traceback(None)  # otherwise each row would add to it
        return entry

    def require_part(self, problem: str, part: str) -> None:
        """Raise `ProblemError` if the problem has no such part."""
        require_part(self.get(problem), part)

    def path(self, problem: str) -> Path:
        """Return the file of a problem; raise `ProblemError` if the id is unknown."""
        if problem in self._paths:
            return self._paths[problem]
        raise ProblemError(
            f"there is no problem {problem[:80]!r}{suggest_similar(problem, self.ids)}"
        )


def require_part(problem: Problem, part: str) -> None:
    """Raise `ProblemError` if *problem* has no such part."""
    known = [one.id for one in problem.parts]
    if part not in known:
        raise ProblemError(
            f"{problem.id} has no part {part[:80]!r}{suggest_similar(part, known)}; "
            f"its parts are {', '.join(known)}"
        )


def _check_readable(root: Path) -> None:
    try:
        root.stat()
    except OSError as error:
        raise ProblemError(f"it cannot be read: {error.strerror}", file=str(root)) from error
