"""The problems at hand: the shipped bank, a folder, or single files; each loaded when asked for."""

from pathlib import Path

from grader.errors import ProblemError
from grader.names import near
from grader.problem import Problem
from problems.loader import bank_root, find_files, load_file

__all__ = ["Catalogue"]


class Catalogue:
    """Problems by id, loaded once each, from *roots*: folders or files, by default the bank."""

    def __init__(self, *roots: Path) -> None:
        self._paths: dict[str, Path] = {}
        self._loaded: dict[str, Problem] = {}
        for root in roots or (bank_root(),):
            for path in find_files(root):
                if path.stem in self._paths:
                    raise ProblemError(
                        f"the id {path.stem!r} is taken by {self._paths[path.stem]}", file=str(path)
                    )
                self._paths[path.stem] = path

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all problems, sorted."""
        return tuple(sorted(self._paths))

    def get(self, problem: str) -> Problem:
        """Return a problem by its id, or raise `ProblemError`."""
        if problem not in self._loaded:
            self._loaded[problem] = load_file(self.path(problem))
        return self._loaded[problem]

    def check_part(self, problem: str, part: str) -> None:
        """Raise `ProblemError` where the problem has no such part."""
        known = [one.id for one in self.get(problem).parts]
        if part not in known:
            raise ProblemError(
                f"{problem} has no part {part[:80]!r}{near(part, known)}; "
                f"its parts are {', '.join(known)}"
            )

    def path(self, problem: str) -> Path:
        """Return the file of a problem, or raise `ProblemError` where there is none."""
        if problem in self._paths:
            return self._paths[problem]
        raise ProblemError(f"there is no problem {problem[:80]!r}{near(problem, self.ids)}")
