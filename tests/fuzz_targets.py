"""Targets of fuzzing by coverage: readers, kinds, authors' expressions and texts, the YAML loader.

    .venv/bin/python tests/fuzz_targets.py readers --seconds 60

Atheris changes what is tried by which lines it reaches. It starts from `tests/corpus/`, a line of
JSON for each text, and adds what reached more to the folder ``--found``; ``--keep`` writes the
smallest texts of that folder that reach as much back into the corpus.
"""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import atheris

CORPUS: Final = Path(__file__).parent / "corpus"
LONGEST: Final = 400
LIMIT: Final = 5.0
"""Seconds of processor time, while every line is watched: a text that takes longer is a finding."""
SECONDS: Final = 300
"""On the clock, in which a busy machine may stand still: what never ends is a finding too."""
KEPT: Final = 60
WATCHED: Final = (
    *(
        "grader.reading",
        "grader.kinds",
        "grader.expressions.parser",
        "grader.expressions.evaluate",
        "grader.expressions.arithmetic",
        "grader.expressions.tree",
    ),
    *("problems.files.yaml_document", "problems.files.yaml_errors"),
    *("problems.files.yaml_scalars", "problems.files.loader"),
    *("api.markup.markdown", "api.markup.tex", "api.markup.tex_bounds"),
)
watching = partial(atheris.instrument_imports, include=[*WATCHED])
Target = Callable[[str], None]


def readers() -> Target:
    """Return what reads a text by every reader: it is read, or refused with words and a place."""
    with watching():
        from readers import READERS, STYLED  # noqa: PLC0415

        from grader.errors import AnswerError  # noqa: PLC0415

    def read(text: str) -> None:
        for name, reader in (READERS | STYLED).items():
            try:
                reader(text)
            except AnswerError as refused:
                assert refused.message, name  # noqa: PT017
                assert refused.position is None or 0 <= refused.position <= len(text), name  # noqa: PT017

    return read


def kinds() -> Target:
    """Return what reads a text as an answer: it is read, or refused with words and a place.

    Its first character chooses the part and the style of numbers.
    """
    with watching():
        from random_answers import answered_parts  # noqa: PLC0415

        from grader.errors import AnswerError  # noqa: PLC0415

    parts = [(part, style) for part in answered_parts() for style in (None, "comma")]

    def answer(text: str) -> None:
        part, style = parts[ord(text[:1] or "0") % len(parts)]
        typed = text[1:]
        try:
            part.context.read_answer(typed, style)
        except AnswerError as refused:
            assert refused.message, part.name  # noqa: PT017
            assert refused.position is None or 0 <= refused.position <= len(typed), part.name  # noqa: PT017

    return answer


def expressions() -> Target:
    """Return what computes a text as an author's expression: it has a value or is refused."""
    with watching():
        from factories import FUNCTIONS  # noqa: PLC0415

        from grader.errors import GraderError  # noqa: PLC0415
        from grader.expressions import arithmetic  # noqa: PLC0415
        from grader.expressions.evaluate import Scope, evaluate  # noqa: PLC0415
        from grader.expressions.parser import parse  # noqa: PLC0415

    names = {"H": 64, "K": 3, "shape": (3, 32, 32), "word": "vgg16", "yes": True}
    scope = Scope(names, {**arithmetic.FUNCTIONS, **FUNCTIONS})

    def compute(text: str) -> None:
        with contextlib.suppress(GraderError):
            evaluate(parse(text).tree, scope)

    return compute


def documents() -> Target:
    """Return what reads a text as YAML and as a problem: it is, or is refused with its file."""
    with watching():
        from factories import BOOK  # noqa: PLC0415

        from grader.errors import ProblemError  # noqa: PLC0415
        from problems.files.loader import load_problem  # noqa: PLC0415
        from problems.files.yaml_document import load_document  # noqa: PLC0415

    def load(text: str) -> None:
        for act in (load_document, partial(load_problem, registry=BOOK)):
            try:
                act(text, file="any.yaml")
            except ProblemError as refused:
                assert refused.file == "any.yaml", act  # noqa: PT017
                assert refused.message, act  # noqa: PT017

    return load


def texts() -> Target:
    """Return what shows a text of a problem on a page: escaped, in a bounded time, or refused."""
    from page_markup import unexpected_markup  # noqa: PLC0415

    with watching():
        from api.markup.markdown import find_formula_errors, render_inline, render_markdown  # noqa: PLC0415

    def show(text: str) -> None:
        for source in (text, f"${text}$", f"$$ {text} $$"):
            assert unexpected_markup(render_markdown(source)) == [], source
            assert unexpected_markup(render_inline(source)) == [], source
            assert all(find_formula_errors(source)), source

    return show


def planted() -> Target:
    """Return what fails at a letter: by this the fuzzing itself is tested."""

    def fail(text: str) -> None:
        if text[1:2] == "b":
            raise ValueError(text)

    return fail


TARGETS: Final[Mapping[str, Callable[[], Target]]] = {
    "readers": readers,
    "kinds": kinds,
    "expressions": expressions,
    "documents": documents,
    "texts": texts,
    "planted": planted,
}


def corpus(target: str) -> list[str]:
    """Return the texts that are kept for a target."""
    path = CORPUS / f"{target}.jsonl"
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def smallest(folder: Path, target: str) -> Iterator[str]:
    """Yield what is to be kept of a *folder*: some texts of every length, the shortest first."""
    texts = {decoded(path.read_bytes()) for path in folder.iterdir()} | set(corpus(target))
    ordered = sorted((text for text in texts if text), key=lambda text: (len(text), text))
    step = max(len(ordered) // KEPT, 1)
    yield from ordered[::step][:KEPT]


def decoded(data: bytes) -> str:
    """Return the text that bytes stand for; those that are no UTF-8 become half surrogates."""
    return data.decode("utf-8", "surrogateescape")


def fuzz(names: list[str], *, seconds: int, seed: int, found: Path) -> None:
    """Try texts for so many *seconds*, then end the process; what is wrong ends it with an error.

    Of several targets the first byte of what is tried chooses one.
    """
    for number, (at, text) in enumerate(
        (at, text) for at, name in enumerate(names) for text in corpus(name)
    ):
        first = bytes([at]) if len(names) > 1 else b""
        (found / f"kept-{number}").write_bytes(first + text.encode("utf-8", "surrogateescape"))
    limits = [f"-max_total_time={seconds}", f"-timeout={SECONDS}", f"-max_len={LONGEST}"]
    folder = [f"-artifact_prefix={found}/wrong-", f"-seed={seed}", "-print_final_stats=1"]
    targets = [(name, TARGETS[name]()) for name in names]
    atheris.Setup([sys.argv[0], *limits, *folder, str(found)], partial(one, targets))
    atheris.Fuzz()


def one(targets: list[tuple[str, Target]], data: bytes) -> None:
    """Try one text, and say which it was where it fails."""
    first, rest = (data[0], data[1:]) if len(targets) > 1 and data else (0, data)
    name, target = targets[first % len(targets)]
    text = decoded(rest)
    try:
        in_time(target, text)
    except BaseException:
        sys.stderr.write(f"{name} fails for {text!r}\n")
        raise


def in_time(target: Target, text: str) -> None:
    """Try one text; `TimeoutError` where that takes longer than it may."""
    start = time.thread_time()
    target(text)
    if time.thread_time() - start > LIMIT:
        raise TimeoutError(f"more than {LIMIT} s")


def main() -> None:
    """Fuzz one target as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("targets", choices=TARGETS, nargs="+")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--found", type=Path)
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    if given.keep:
        [target] = given.targets
        lines = [json.dumps(text) for text in smallest(given.found, target)]
        (CORPUS / f"{target}.jsonl").write_text("\n".join(lines) + "\n", encoding="ascii")
        return
    with TemporaryDirectory() as folder:
        found = given.found or Path(folder)
        found.mkdir(parents=True, exist_ok=True)
        fuzz(given.targets, seconds=given.seconds, seed=given.seed, found=found)


if __name__ == "__main__":
    main()
