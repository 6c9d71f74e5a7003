"""Exceptions of Grader; the class tells who has to act.

GraderError
├── ProblemError   the author must correct the problem file
│   └── DrawError  no draw of one seed satisfies `require`
├── AnswerError    the student may correct the answer, free of charge
└── SolverError    a reference solver could not compute; a person grades the part
"""

MAX_FIELD_LENGTH = 60


class GraderError(Exception):
    """Base class of the exceptions that this package raises on purpose."""


class ProblemError(GraderError):
    """An error in a problem definition.

    The message states the error and the remedy; *file*, *line* and *field* give the location, as
    far as the code that raised it knows. The loader adds the rest with `with_location`; *others*
    are further errors of the same file.
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

    def with_location(
        self, *, file: str = "", line: int | None = None, field: str = ""
    ) -> "ProblemError":
        """Return the same error with missing parts of the location filled in."""
        return ProblemError(
            self.message,
            file=self.file or file,
            line=self.line if self.line is not None else line,
            field=self.field or field,
        )

    def __str__(self) -> str:
        location = ":".join(str(piece) for piece in (self.file, self.line) if piece)
        field = (
            self.field
            if len(self.field) <= MAX_FIELD_LENGTH
            else f"{self.field[:MAX_FIELD_LENGTH]}…"
        )
        return ": ".join(piece for piece in (location, field, self.message) if piece)


class DrawError(ProblemError):
    """No draw of one seed satisfies `require`; another seed may have one."""


class AnswerError(GraderError):
    """An answer that cannot be read.

    *message* states what is wrong, *expected* what could be read; *position* is the offset, in the
    answer as typed, of the first character that could not be read.
    """

    def __init__(self, message: str, *, expected: str = "", position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.position = position

    def __str__(self) -> str:
        return f"{self.message} Expected {self.expected}." if self.expected else self.message


class SolverError(GraderError):
    """Failure of a reference solver to compute with its arguments; it costs the student nothing."""
