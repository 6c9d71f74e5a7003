"""Coverage-guided fuzz targets: readers, kinds, expressions, texts and YAML loader.

    .venv/bin/python tests/fuzz_targets.py readers --seconds 60

Atheris mutates texts, guided by the lines that they reach. It starts from
`tests/corpus/`, which has one JSON string per line, and adds texts that reach more to
the folder ``--found``. ``--keep`` writes up to `KEPT` texts of that folder and the
corpus, of all lengths, back into the corpus.
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
"""Processor seconds per text, with every line traced; a slower text is a finding."""
SECONDS: Final = 300
"""Wall-clock seconds per text, long enough for a busy machine; a hang is a finding."""
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
    """Return a target that reads a text with every reader.

    Each reader reads the text, or refuses it with a message and a valid position.
    """
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
    """Return a target that reads a text as an answer.

    The first character selects the part and the number style. The answer is read, or
    refused with a message and a valid position.
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
    """Return a target that evaluates a text as an author's expression.

    The expression has a value or is refused with a `GraderError`.
    """
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
    """Return a target that loads a text as YAML and as a problem.

    A refusal has a message and names the file.
    """
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
    """Return a target that renders a text of a problem as HTML.

    The HTML has no unexpected markup, and each formula error has a message.
    """
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
    """Return a target that fails at a letter, to test the fuzzing itself."""

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
    path = CORPUS / f"{target}.jsonl"
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def smallest(folder: Path, target: str) -> Iterator[str]:
    """Yield up to `KEPT` texts of *folder* and the corpus, of all lengths, shortest first."""
    texts = {decoded(path.read_bytes()) for path in folder.iterdir()} | set(corpus(target))
    ordered = sorted((text for text in texts if text), key=lambda text: (len(text), text))
    step = max(len(ordered) // KEPT, 1)
    yield from ordered[::step][:KEPT]


def decoded(data: bytes) -> str:
    """Decode UTF-8; invalid bytes become lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def fuzz(names: list[str], *, seconds: int, seed: int, found: Path) -> None:
    """Fuzz for *seconds*, then end the process; a finding ends it with an error.

    With several targets, the first byte of the input selects one.
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
    """Run a target on one text, and print the text if the target fails."""
    first, rest = (data[0], data[1:]) if len(targets) > 1 and data else (0, data)
    name, target = targets[first % len(targets)]
    text = decoded(rest)
    try:
        in_time(target, text)
    except BaseException:
        sys.stderr.write(f"{name} fails for {text!r}\n")
        raise


def in_time(target: Target, text: str) -> None:
    """Run *target* on a text; raise `TimeoutError` if it takes more than `LIMIT` seconds."""
    start = time.thread_time()
    target(text)
    if time.thread_time() - start > LIMIT:
        raise TimeoutError(f"more than {LIMIT} s")


def main() -> None:
    """Fuzz the targets of the command line, or update a corpus with ``--keep``."""
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
