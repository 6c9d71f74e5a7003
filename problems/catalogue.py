"""The problems at hand: the shipped bank, a folder, or single files; each loaded when asked for."""

from pathlib import Path
from typing import Self

from grader.definitions.names import near
from grader.definitions.problem import Problem
from grader.errors import ProblemError
from problems.loader import bank_root, find_files, load_file

__all__ = ["Catalogue", "check_part"]


class Catalogue:
    """Problems by id, loaded once each, from *roots*: folders or files, by default the bank."""

    def __init__(self, *roots: Path) -> None:
        self._paths: dict[str, Path] = {}
        self._loaded: dict[str, Problem | ProblemError] = {}
        for root in roots or (bank_root(),):
            _check_there(root)
            for path in find_files(root):
                taken = self._paths.setdefault(path.stem, path)
                if taken is not path:
                    raise ProblemError(
                        f"the id {path.stem!r} is taken by {taken}; choose another", file=str(path)
                    )

    @classmethod
    def of(cls, folder: Path | None) -> Self:
        """Return the problems of *folder*; of the bank where there is none."""
        return cls(folder) if folder is not None else cls()

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all problems, sorted."""
        return tuple(sorted(self._paths))

    def get(self, problem: str) -> Problem:
        """Return a problem by its id, or raise `ProblemError`; either is remembered."""
        if problem not in self._loaded:
            path = self.path(problem)
            try:
                self._loaded[problem] = load_file(path)
            except ProblemError as error:
                self._loaded[problem] = error
        found = self._loaded[problem]
        if isinstance(found, ProblemError):
            raise found.with_traceback(None)  # else it would grow with every row that asks
        return found

    def check_part(self, problem: str, part: str) -> None:
        """Raise `ProblemError` where the problem has no such part."""
        check_part(self.get(problem), part)

    def path(self, problem: str) -> Path:
        """Return the file of a problem, or raise `ProblemError` where there is none."""
        if problem in self._paths:
            return self._paths[problem]
        raise ProblemError(f"there is no problem {problem[:80]!r}{near(problem, self.ids)}")


def check_part(problem: Problem, part: str) -> None:
    """Raise `ProblemError` where *problem* has no such part."""
    known = [one.id for one in problem.parts]
    if part not in known:
        raise ProblemError(
            f"{problem.id} has no part {part[:80]!r}{near(part, known)}; "
            f"its parts are {', '.join(known)}"
        )


def _check_there(root: Path) -> None:
    try:
        root.stat()
    except OSError as error:
        raise ProblemError(f"it cannot be read: {error.strerror}", file=str(root)) from error
