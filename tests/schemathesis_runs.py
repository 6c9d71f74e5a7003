"""Schemathesis runs against the scene of all routes, served over a socket.

Schemathesis generates the calls from the OpenAPI document: valid and invalid ones, and
sequences of them. All of its checks are on, which is its default. A file of settings
gives it the ids of the scene, and what the document cannot express.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from populated_course import SCENE_SETTINGS, create_populated_course
from scene import HERE, Scene
from serving import serve_app
from world import World

from api.db.engine import Database
from api.db.migrations import upgrade

__all__ = ["WHO", "SchemathesisResult", "run_schemathesis"]

WHO: Final = ("student", "instructor")
FEW, MANY = 2, 10
DOCUMENT: Final = "/api/v1/openapi.json"
ENDING: Final = (
    # What would end the scene for all calls after it; they are asked in tests/access.
    *("post_logout", "delete_me_sessions", "post_me_password", "post_user_erase"),
    *("delete_assignment", "post_course_archive", "delete_course_people_user", "post_user_suspend"),
)
SETTINGS: Final = """\
[checks.positive_data_acceptance]
# A schema cannot say which parts a problem has (422), or which version holds now (412, 428).
expected-statuses = ["2xx", "303", 401, 403, 404, 409, 412, 415, 422, 428, 429]

[checks.negative_data_rejection]
# A text that is too long for its field may be too long for a body, too (413).
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429]

[[operations]]
# GET at this address is that of /problems/{problem_version}, for which "check" is no id.
include-name = "POST /api/v1/courses/{course}/problems/check"
checks.unsupported_method.enabled = false
checks.allow_header_conformance.enabled = false

[[operations]]
# GET is answered at this address: it is that of /exports/{form}.
include-name = "POST /api/v1/courses/{course}/exports/moodle"
checks.unsupported_method.enabled = false
checks.allow_header_conformance.enabled = false

[parameters]
"""


@dataclass(frozen=True, slots=True)
class SchemathesisResult:
    """Result of a run: the number of calls and operations, and the failures as text."""

    seed: int
    calls: int
    operations: int
    failures: tuple[str, ...]
    output: str


def run_schemathesis(
    scene: Scene,
    who: str,
    *,
    seed: int,
    seconds: float | None = None,
    some: int | None = None,
    only: Sequence[str] = (),
) -> SchemathesisResult:
    """Run Schemathesis as one person, for *seconds* or with a few calls per operation.

    The operations are those of *only*, by default all; *some* draws as many of them
    with *seed*.
    """
    with TemporaryDirectory() as folder, serve_app(scene.world.app) as port:
        settings = Path(folder) / "schemathesis.toml"
        settings.write_text(SETTINGS + _places(scene), encoding="utf-8")
        names = only or _names(scene.world.client.get(DOCUMENT).json())
        chosen = names if some is None else Random(seed).sample(names, some)  # noqa: S311
        command = [
            *(str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(settings)),
            *(
                "run",
                f"http://127.0.0.1:{port}{DOCUMENT}",
                "-H",
                f"Authorization: Bearer {scene.people[who].token}",
            ),
            *("--continue-on-failure", "--no-shrink", "--seed", str(seed)),
            *(() if seconds is None else ("--max-time", str(int(seconds)))),
            *("--max-examples", str(FEW if seconds is None else MANY)),
            *("--warnings", "off", "--report", "json", "--report-json-path", f"{folder}/told.json"),
            *(f"--include-operation-id={name}" for name in chosen),
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        told = json.loads((Path(folder) / "told.json").read_text(encoding="utf-8"))
    return _asked(told, seed, done.stdout + done.stderr)


def _places(scene: Scene) -> str:
    return "".join(f'"path.{name}" = "{value}"\n' for name, value in scene.places[HERE].items())


def _names(document: Mapping[str, Any]) -> list[str]:
    """Return the names of all operations except those that would end the scene."""
    items = document["paths"].values()
    names = [operation["operationId"] for item in items for operation in item.values()]
    return sorted(set(names) - set(ENDING))


def _asked(told: Mapping[str, Any], seed: int, output: str) -> SchemathesisResult:
    failures = tuple(
        f"{one['code']} {one['title']}: {', '.join(one['operations'])}" for one in told["failures"]
    )
    errors = tuple(str(one) for one in told["errors"])
    calls, tested = told["test_cases"]["generated"], told["operations"]["tested"]
    return SchemathesisResult(seed, calls, tested, failures + errors, output)


def main() -> None:
    """Run for a long time and print the results; exit with 1 on failures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    runs = [_long(who, given.seconds / len(WHO), given.seed) for who in WHO]
    sys.exit(any(asked.failures for asked in runs))


def _long(who: str, seconds: float, seed: int) -> SchemathesisResult:
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/grader.db"
        db = Database(url)
        upgrade(db)
        db.close()
        world = World(url, settings=SCENE_SETTINGS)
        asked = run_schemathesis(create_populated_course(world), who, seconds=seconds, seed=seed)
        world.close()
    told = f"{asked.calls:,} calls of {asked.operations} operations as the {who}"
    print(f"seed {seed}: {told}, {len(asked.failures)} findings")  # noqa: T201
    if asked.failures:
        print(asked.output)  # noqa: T201
    return asked


if __name__ == "__main__":
    main()
