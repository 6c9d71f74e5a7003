"""Every error that Grader raises on purpose; who is at fault decides the class.

GraderError
├── ProblemError   the author must mend the problem file
│   └── DrawError  no draw of one seed satisfies `require`
├── AnswerError    the student may mend the answer, free of charge
└── SolverError    a reference solver could not compute; the part goes to a person
"""

MAX_FIELD = 60

__all__ = ["AnswerError", "DrawError", "GraderError", "ProblemError", "SolverError"]


class GraderError(Exception):
    """Anything this package raises on purpose."""


class ProblemError(GraderError):
    """The problem definition is wrong.

    The message says what is wrong and what to do; *file*, *line* and *field* say where, as far as
    the place that raised it knows them. The loader completes what is missing with `at`; further
    errors of the same file are its *others*.
    """

    def __init__(
        self, message: str, *, file: str = "", line: int | None = None, field: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.field = field
        self.others: tuple[ProblemError, ...] = ()

    def at(self, *, file: str = "", line: int | None = None, field: str = "") -> "ProblemError":
        """Return the same error with the place filled in where it was unknown."""
        return ProblemError(
            self.message,
            file=self.file or file,
            line=self.line if self.line is not None else line,
            field=self.field or field,
        )

    def __str__(self) -> str:
        place = ":".join(str(piece) for piece in (self.file, self.line) if piece)
        field = self.field if len(self.field) <= MAX_FIELD else f"{self.field[:MAX_FIELD]}…"
        return ": ".join(piece for piece in (place, field, self.message) if piece)


class DrawError(ProblemError):
    """No draw of one seed satisfies `require`; another seed may have one."""


class AnswerError(GraderError):
    """The answer cannot be read.

    *message* says what was found, *expected* what would be read, *position* the offset of the
    first character that could not be read, counted in the answer as typed.
    """

    def __init__(self, message: str, *, expected: str = "", position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.position = position

    def __str__(self) -> str:
        return f"{self.message} Expected {self.expected}." if self.expected else self.message


class SolverError(GraderError):
    """A reference solver was given something it cannot compute with. Nobody gains or loses."""
