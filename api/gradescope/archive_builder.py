"""Builds an archive: loads the assignment, publishes its problems, and writes the file."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from api.core.errors import FileError
from api.gradescope.archive import build_archive, build_configuration, find_secret
from api.gradescope.assignments import load_archive_source
from api.gradescope.runtime.choices import VariantPolicy, Visibility
from api.gradescope.wheels import collect_wheels
from api.services.files.atomic_output import check_writable, write_file_atomically
from grader.display.text import pluralize

PYTHON_VERSION: Final = re.compile(r"3\.(?:1[1-9]|[2-9][0-9])")


@dataclass(frozen=True, slots=True)
class ArchiveOptions:
    """Options of an archive; those that are None are as the assignment says."""

    secret_file: Path | None
    attempts: int | None
    visibility: Visibility | None
    variants: VariantPolicy | None
    python_versions: tuple[str, ...]
    seeds: int


def make_archive(
    names: Sequence[str], out: Path, options: ArchiveOptions, *, warn: Callable[[str], None]
) -> str:
    """Write the archive of the problems or the assignment *names* to *out*; return a summary."""
    versions = tuple(dict.fromkeys(options.python_versions))
    for version in versions:
        if not PYTHON_VERSION.fullmatch(version):
            raise FileError(f"the Python {version!r} cannot be used. Write 3.11 or newer")
    if out.suffix.lower() != ".zip":
        raise FileError(f"{out} must end in .zip")
    check_writable(out)
    secret = find_secret(out, options.secret_file)
    source = load_archive_source(names)
    source = replace(
        source,
        attempts=options.attempts or source.attempts,
        visibility=options.visibility or source.visibility,
        variants=options.variants or source.variants,
    )
    for warning in source.warnings:
        warn(f"warning: {warning}")
    # First, because a download may fail, and publishing the seeds takes much longer.
    wheels = {version: collect_wheels(version) for version in versions}
    configuration, texts = build_configuration(source, secret, seeds=options.seeds)
    content = build_archive(configuration, texts, wheels)

    def write(path: Path) -> None:
        path.write_bytes(content)

    write_file_atomically(out, write, owner_only=True)
    return (
        f"{out}: {pluralize(len(texts), 'problem')}, Python {' or '.join(versions)}, "
        f"{len(content) / 1_000_000:.0f} MB. It contains the secret: upload it to Gradescope "
        "and do not share it."
    )
