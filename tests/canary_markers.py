"""Canary markers for data that must not leak, with who may see each of them, and when.

`MARKS` is the whole table. A marker is a word or number that occurs nowhere else.
`leaks` finds it in everything that a reader was sent, with separators between its
digits, and inside pagination cursors.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

__all__ = ["MARKS", "ROLES", "Mark", "Reader", "State", "find_leaks", "response_text"]

State = Literal["before", "after"]
"""Before the close and the release of hidden data, or after both."""

Reader = Literal[
    "anonymous",
    "student",
    "classmate",
    "stranger",
    "withdrawn",
    "grader",
    "viewer",
    "instructor",
    "other_instructor",
    "admin",
    "research",
    "log",
    "launcher",
    "frame",
    "flow",
]
"""The readers: people of the scene, three views, and holders of secrets.

``viewer`` is the grader who views as `student`, ``research`` the instructor who exports
pseudonymized work, and ``log`` a reader of the service's log. ``launcher`` is a browser
that began a launch, ``frame`` one that has only the token of the launch, and ``flow`` one
whose login at a provider waits.
"""

ROLES: Final[tuple[Reader, ...]] = (
    *("anonymous", "student", "classmate", "stranger", "withdrawn"),
    *("grader", "viewer", "instructor", "other_instructor", "admin"),
)

NOBODY: Final[frozenset[Reader]] = frozenset()
LAUNCHER: Final[frozenset[Reader]] = frozenset({"launcher"})
FRAME: Final[frozenset[Reader]] = frozenset({"frame"})
FLOW: Final[frozenset[Reader]] = frozenset({"flow"})
HOLDERS: Final = LAUNCHER | FRAME | FLOW
"""Readers by a secret that a browser has, instead of an account."""
STAFF: Final[frozenset[Reader]] = frozenset({"grader", "instructor", "admin"})
MANAGERS: Final[frozenset[Reader]] = frozenset({"instructor", "admin"})
OTHER_STAFF: Final[frozenset[Reader]] = frozenset({"other_instructor", "admin"})
OWNER: Final[frozenset[Reader]] = frozenset({"student", "viewer"})
CLASS: Final[frozenset[Reader]] = OWNER | {"classmate"}
RESEARCH: Final[frozenset[Reader]] = frozenset({"research"})


@dataclass(frozen=True, slots=True)
class Mark:
    """Marker with the *texts* that reveal it, and the readers who may see them."""

    texts: tuple[str, ...]
    before: frozenset[Reader]
    after: frozenset[Reader]

    def may(self, reader: Reader, state: State) -> bool:
        """Return whether *reader* may see the marker in *state*."""
        return reader in (self.before if state == "before" else self.after)


def _always(readers: Iterable[Reader], *texts: str) -> Mark:
    return Mark(texts, frozenset(readers), frozenset(readers))


def _released(readers: frozenset[Reader], *texts: str) -> Mark:
    """Return a marker that staff always see, and *readers* after the release."""
    return Mark(texts, STAFF, STAFF | readers)


def _person(name: Reader, staff: frozenset[Reader], managers: frozenset[Reader]) -> dict[str, Mark]:
    """Return the markers that identify a person.

    Only the staff of their course and they themselves may see most of them.
    """
    own: frozenset[Reader] = frozenset({name})
    return {
        f"name of the {name}": _always(own | staff | _viewing(name), f"zqname{name}"),
        f"email of the {name}": _always(own | staff, f"zqmail{name}"),
        f"number of the {name}": _always(own | staff, f"zqnumber{name}"),
        f"login of the {name}": _always(own | managers, f"zqlogin{name}"),
        f"LMS id of the {name}": _always(staff, f"zqlms{name}"),
        f"platform id of the {name}": _always(own, f"zqsubject{name}"),
        f"score of the {name} at the platform": _always(own, str(PLATFORM_SCORES[name])),
    }


def _viewing(name: Reader) -> frozenset[Reader]:
    return OWNER if name == "student" else NOBODY


def _square(base: int) -> str:
    return str(base * base)


BASES: Final = (1234607, 1234587)
"""The numbers of the student and the classmate, which determine all their keys."""
SEED: Final = 86420975310
"""The first seed of the problem; the others are consecutive."""

PLATFORM_SCORES: Final[Mapping[Reader, int]] = {
    "student": 8675309,
    "classmate": 8675321,
    "stranger": 8675347,
}
"""Scores that a learning platform was sent."""

MARKS: Final[Mapping[str, Mark]] = {
    "key of the student": _released(OWNER, _square(BASES[0])),
    # The classmate has found it, and reads what they typed.
    "key of the classmate": _always({*STAFF, *RESEARCH, "classmate"}, _square(BASES[1])),
    "value of a known mistake": _released(OWNER, str(7 * BASES[0] ** 2 + 1)),
    "hint of a mistake that nobody made": _released(CLASS, "zqhint"),
    "id of a mistake": _always(STAFF, "zq_mistake"),
    "seed": _always(STAFF, *(str(SEED + at) for at in range(5))),
    "model answer": _released(CLASS, "zqmodel"),
    "rubric": _released(CLASS, "zqrubric"),
    "author's words": _released(CLASS, "zqwords"),
    "comment in the file of the problem": _always(STAFF, "zqsource"),
    "title of an unreleased assignment": _released(CLASS, "zqlater"),
    "title of a problem in it": _released(CLASS, "zqproblemlater"),
    "title of an unpublished assignment": _always(STAFF, "zqunpublished"),
    "title of a deleted assignment": _always(NOBODY, "zqdeleted"),
    "title in the other course": _always(OTHER_STAFF | {"stranger"}, "zqelsewhere"),
    **_person("student", STAFF, MANAGERS),
    **_person("classmate", STAFF, MANAGERS),
    **_person("stranger", OTHER_STAFF, OTHER_STAFF),
    "staff-only comment": _always(STAFF, "zqstaffonly"),
    "public comment on a result that is hidden": _released(OWNER, "zqheld"),
    "words of a mark": _released(OWNER, "zqmarked"),
    "reason of a mark": _always(STAFF, "zqwhymarked"),
    "flag": _always(STAFF, "zqflag"),
    "reason of an override": _always(OWNER | STAFF, "zqoverride"),
    "reason of an excuse": _always(STAFF, "zqexcuse"),
    # One's own export has it: it is about oneself.
    "reason of an extension": _always(STAFF | {"student"}, "zqextension"),
    "reason of a regrade": _always(STAFF, "zqregrade"),
    "reason in the audit log": _always(MANAGERS, "zqaudit"),
    "text of a request": _always(STAFF | {"student"}, "zqrequest"),
    "free text of the student": _always(OWNER | STAFF | RESEARCH, "zqtext"),
    "draft of the student": _always(OWNER, "zqdraft"),
    "title of a context": _always({*MANAGERS, "student", "classmate"}, "zqcontext"),
    "reply to a failed score": _always(MANAGERS, "zqscorefailed"),
    "reason of failed mail": _always(MANAGERS, "zqmailfailed"),
    "reason of waiting mail": _always(MANAGERS, "zqmailwaits"),
    "reply to failed mail": _always({"admin"}, "zqreplyfailed"),
    "reply to waiting mail": _always({"admin"}, "zqreplywaits"),
    "address of a line item": _always(NOBODY, "zqlineitem"),
    "error of a roster": _always(MANAGERS, "zqrostererror"),
    "address of a roster": _always(NOBODY, "zqmembers"),
    "name in a launch": _always(LAUNCHER, "zqlaunchname"),
    "claims of a launch": _always(LAUNCHER, "zqclaim"),
    "title of a link": _always(MANAGERS, "zqlinktitle"),
    "identity at a provider": _always(FLOW, "zqidentity"),
    "secret of a course": _always(NOBODY, "5ec2e7" * 10),
    "password": _always(NOBODY, "zqpassword"),
    "hash of a password": _always(NOBODY, "$argon2", "zqhash"),
    "name of the database": _always(NOBODY, "zqdatabase"),
}
"""Every marker.

Tokens, sessions and links are known only when the scene is built; pass them to `leaks`.
"""


def response_text(response: Any) -> str:
    """Return everything that a response contains: headers, body and decoded cursors."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return "\n".join([headers, response.text, *_cursors(response.text)])


def _cursors(text: str) -> Iterator[str]:
    for told in re.findall(r'"next":\s*"([A-Za-z0-9_-]+)"', text):
        padded = told + "=" * (-len(told) % 4)
        yield base64.urlsafe_b64decode(padded).decode("utf-8", "replace")


BETWEEN: Final = re.compile(r"(?<=\d)[,'_\u00a0\u2009\u202f](?=\d)")
"""Separators that people and programs put between the digits of a number."""


def find_leaks(
    text: str, reader: Reader, state: State, *, secrets: Iterable[str] = ()
) -> Iterator[str]:
    """Yield the names of the markers in *text* that *reader* may not see."""
    yield from find_forbidden(find_markers(text, secrets=secrets), reader, state)


def find_forbidden(found: Iterable[str], reader: Reader, state: State) -> Iterator[str]:
    """Yield the names in *found* that *reader* may not see."""
    for name in found:
        if name not in MARKS or not MARKS[name].may(reader, state):
            yield name


def find_markers(text: str, *, secrets: Iterable[str] = ()) -> Iterator[str]:
    """Yield the names of the markers in *text*, and "secret" for one of *secrets*."""
    low = _plain(text).lower()
    for name, mark in MARKS.items():
        if any(one.lower() in low for one in mark.texts):
            yield name
    if any(one.lower() in low for one in secrets):
        yield "secret"


def _plain(text: str) -> str:
    """Return *text* with JSON escapes decoded, and without separators between digits."""
    told = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: json.loads(f'"{found[0]}"'), text)
    return BETWEEN.sub("", told)
