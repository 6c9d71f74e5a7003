"""The scene of all routes, with a marker wherever something must not leak."""

from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from access.pages_lti import LIFETIME, LMS
from actors import NOW
from canary_markers import BASES, MARKS, PLATFORM_SCORES, SEED
from joserfc.jwk import RSAKey
from populated_course import AREAS
from scene import ELSEWHERE, HERE, Scene
from sqlalchemy import LargeBinary, select, update
from world import ProblemReference, World

from api.core.ids import new_id
from api.db.models import (
    Answer,
    Assignment,
    Attachment,
    Base,
    Comment,
    Course,
    Draft,
    Draw,
    Enrolment,
    Excuse,
    Extension,
    Invite,
    LoginFlow,
    LoginSession,
    LtiContext,
    LtiKey,
    LtiLaunch,
    LtiLineItem,
    LtiLink,
    LtiRegistrationLink,
    LtiScore,
    LtiUser,
    OutboxMessage,
    Override,
    ProblemVersion,
    ProviderSession,
    Regrade,
    RegradeRequest,
    Review,
    Submission,
    User,
    Variant,
)
from api.services.audit import recorder
from api.services.outbox.kinds import SCORE_KIND

__all__ = ["ATTACHED_NAME", "ID_TOKEN", "KEYED", "PASSPHRASE", "SECRET_COLUMNS", "CanaryScene"]

KEYED, HELD_BACK = "keyed", {"due": "2026-11-03 12:00", "close": "2026-11-04 12:00"}
LATER: Final = "unreleased"
PASSPHRASE: Final = "four zqpassword words"  # noqa: S105  # a marker
STORED: Final = "$argon2id$zqhash"
ID_TOKEN: Final = "zqidtoken"  # noqa: S105  # a marker
ATTACHED_NAME: Final = "zqplot.pdf"
DIGEST_BYTES: Final = 32

PROBLEM: Final = """\
# zqsource: what only authors read
id: canary-square
title: A number that gives itself away
topic: convolution
difficulty: 1
params:
  K: {choose: [1234567, 1234577, 1234587, 1234597, 1234607], original: 1234567}
statement: |
  A number ${{K}}$.
parts:
  - id: squared
    kind: integer
    points: 2
    prompt: "${{K}}^2$?"
    key: K*K
    mistakes: [{id: zq_mistake, key: 7*K*K + 1, say: zqhint}]
  - id: why
    kind: text
    points: 4
    prompt: Why?
    rubric: [{id: fewer, points: 2, say: zqrubric}, {id: deeper, points: 2, say: Deeper.}]
    model: zqmodel
solution: zqwords
"""
LATER_PROBLEM: Final = PROBLEM.replace("canary-square", "canary-later").replace(
    "A number that gives itself away", "zqproblemlater"
)


SECRET_COLUMNS: Final = tuple(
    column
    for table in Base.metadata.sorted_tables
    for column in table.columns
    if (
        getattr(column.type, "length", None) == DIGEST_BYTES
        and isinstance(column.type, LargeBinary)
    )
    or column.name in {"id_token", "private_key"}
)
"""Columns of digests, of keys that sign, and of tokens of providers."""


class CanaryScene(Scene):
    """Scene of `test_access`, with the markers of `MARKS` and the secrets it was given."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        for area in AREAS:
            if hasattr(area, "add_objects"):
                area.add_objects(self)
        self._plant_people()
        self._plant_platform()
        self._plant_mail()
        self._plant_titles()
        self._plant_words()
        self.keyed = self._pose_keyed()
        self._plant_work()
        self._visits = self._load_visits()

    @property
    def secrets(self) -> set[str]:
        """The credentials of everybody: tokens, links and sessions, their digests, and keys."""
        given = {
            one.token for one in self.people.values() if len(one.token) > len("gr_api_unknown")
        }
        given |= set(self.readers.values())
        given |= {one["Cookie"].removeprefix("grader=") for one in self.logins.values()}
        with self.world.db.reading() as session:
            for column in SECRET_COLUMNS:
                stored = [one for one in session.scalars(select(column)) if one]
                given |= {one.hex() if isinstance(one, bytes) else one for one in stored}
            for pem in session.scalars(select(LtiKey.private_key)):
                given |= _pieces_of_key(pem)
        return given

    def reveal(self) -> None:
        """Let all deadlines pass and release all hidden data, for the state "after"."""
        with self.world.session() as session:
            keyed = session.get_one(Assignment, self.keyed.assignment)
            keyed.results_released_at = NOW
        self.world.clock.advance(days=60)
        now = self.world.clock()
        with self.world.session() as session:
            for table in (Invite, LtiRegistrationLink):
                session.execute(update(table).values(expires_at=now + LIFETIME))
        self.renew_visits()

    def renew_visits(self) -> None:
        """Begin the launches, the login that waits, and all sessions again.

        Some requests use them up, or log in another person instead of the reader.
        """
        now = self.world.clock()
        self.provider.now = self.platform.now = int(now.timestamp())
        with self.world.session() as session:
            begun = {"created_at": now, "seen_at": now, "revoked_at": None}
            session.execute(update(LoginSession).values(begun))
            for table, columns in self._visits:
                session.merge(table(**columns | {"expires_at": now + LIFETIME}))

    def _load_visits(self) -> list[tuple[Any, dict[str, Any]]]:
        """Return the rows of the launches and of the login that waits."""
        with self.world.db.reading() as session:
            return [
                (
                    table,
                    {column.key: getattr(row, column.key) for column in table.__table__.columns},
                )
                for table in (LtiLaunch, LoginFlow)
                for row in session.scalars(select(table))
            ]

    def _plant_people(self) -> None:
        with self.world.session() as session:
            for name in ("student", "classmate", "stranger"):
                user = session.get_one(User, self.people[name].id)
                user.name, user.email = f"zqname{name}", f"zqmail{name}@example.edu"
                user.student_number, user.login = f"zqnumber{name}", f"zqlogin{name}"
                session.execute(
                    update(Enrolment)
                    .where(Enrolment.user_id == user.id)
                    .values(lms_id=f"zqlms{name}")
                )
            student = session.get_one(User, self.student.id)
            student.password_hash = self.world.service.passwords.hash(PASSPHRASE)
            for hashless in ("classmate", "stranger"):
                session.get_one(User, self.people[hashless].id).password_hash = STORED
            had = select(ProviderSession.session_id)
            begun = session.scalars(select(LoginSession.id).where(LoginSession.id.not_in(had)))
            session.add_all(
                ProviderSession(session_id=one, provider="uni", id_token=ID_TOKEN)
                for one in begun.all()
            )
            session.execute(update(ProviderSession).values(id_token=ID_TOKEN))
            session.execute(update(Attachment).values(file_name=ATTACHED_NAME))
            [secret] = MARKS["secret of a course"].texts
            session.execute(update(Course).values(secret=secret + "ab12"))

    def _plant_platform(self) -> None:
        """Put markers into what a learning platform states, and what it was sent."""
        with self.world.session() as session:
            for name in PLATFORM_SCORES:
                person = self.people[name].id
                session.execute(
                    update(LtiUser)
                    .where(LtiUser.user_id == person)
                    .values(subject=f"zqsubject{name}")
                )
                session.execute(
                    update(LtiScore)
                    .where(LtiScore.student_id == person)
                    .values(score=Fraction(PLATFORM_SCORES[name]))
                )
            here = LtiContext.course_id == self.course
            rosters = {"roster_error": "zqrostererror", "memberships_url": f"{LMS}/zqmembers"}
            session.execute(update(LtiContext).where(here).values(title="zqcontext", **rosters))
            session.execute(
                update(OutboxMessage)
                .where(OutboxMessage.kind == SCORE_KIND, OutboxMessage.course_id == self.course)
                .values(error="zqscorefailed")
            )
            for item in session.scalars(select(LtiLineItem)):
                item.url = f"{LMS}/zqlineitem/{item.id}"
            linked = LtiLink.context_id.in_(select(LtiContext.id).where(here))
            session.execute(update(LtiLink).where(linked).values(title="zqlinktitle"))
            session.execute(update(LoginFlow).values(name="zqidentity"))
            for launch in session.scalars(select(LtiLaunch)):
                launch.claims = _plant_claims(launch.claims)

    def _plant_mail(self) -> None:
        """Put markers into why e-mail of the course failed, and why more of it waits."""
        here = OutboxMessage.course_id == self.course
        with self.world.session() as session:
            session.execute(
                update(OutboxMessage)
                .where(here, OutboxMessage.kind != SCORE_KIND, OutboxMessage.status == "failed")
                .values(error="zqmailfailed", details="zqreplyfailed")
            )
            session.add(
                OutboxMessage(
                    recipient_id=self.student.id,
                    kind="invitation",
                    course_id=self.course,
                    created_at=NOW,
                    due_at=NOW,
                    error="zqmailwaits",
                    details="zqreplywaits",
                )
            )

    def _plant_titles(self) -> None:
        titles = {place: f"zq{place}" for place in ("unpublished", "deleted", ELSEWHERE)}
        with self.world.session() as session:
            for place, title in titles.items():
                session.get_one(Assignment, self._id(place, "assignment")).title = title
        later = {"release": "2026-12-01 12:00", "due": "2027-12-08 12:00"}
        [assigned] = self.world.assignment(self.course, LATER_PROBLEM, timeline_spec=later)
        self._own(assigned)
        with self.world.session() as session:
            session.get_one(Assignment, assigned.assignment).title = "zqlater"
        self.places[LATER] |= {"assignment": str(assigned.assignment), "problem": assigned.slug}

    def _plant_words(self) -> None:
        """Put markers into the free-text columns of the areas' rows."""
        about = "student_id", self.student.id
        self._write(Override, about, reason="zqoverride")
        self._write(Excuse, about, reason="zqexcuse")
        spec = {"days": 1, "reason": "zqextension"}
        self._write(Extension, about, reason="zqextension", spec=spec)
        self._write(Regrade, ("id", self._id(HERE, "regrade")), reason="zqregrade")
        self._write(RegradeRequest, about, text="zqrequest")
        with self.world.session() as session:
            recorder.record_action(
                session,
                None,
                "person.changed",
                now=NOW,
                target=("user", self.classmate.id),
                reason="zqaudit",
                course_id=self.course,
            )

    def _write(self, table: Any, about: tuple[str, UUID], **values: object) -> None:
        column, wanted = about
        with self.world.session() as session:
            rows = update(table).where(getattr(table, column) == wanted)
            session.execute(rows.values(**values))

    def _own(self, assigned: ProblemReference) -> None:
        """Move the problem into the course, and give its variants recognizable seeds."""
        with self.world.session() as session:
            session.get_one(ProblemVersion, assigned.version).space = str(self.course)
            rows = session.scalars(select(Variant).where(Variant.version_id == assigned.version))
            for row in rows.all():
                seed = None if row.seed is None else SEED + row.seed
                row.seed, row.data = seed, {**row.data, "seed": seed}

    def _pose_keyed(self) -> ProblemReference:
        """Assign a problem with secrets, held results and two individual variants."""
        [assigned] = self.world.assignment(
            self.course, PROBLEM, timeline_spec=HELD_BACK, results="manual", variants="each"
        )
        self._own(assigned)
        for name, base in zip(("student", "classmate"), BASES, strict=True):
            self._draw(assigned, self.people[name].id, base)
        self.student.submit(assigned, {"squared": "5", "why": "zqtext"})
        self.classmate.submit(assigned, {"squared": str(BASES[1] ** 2), "why": "It is so."})
        self.places[KEYED] = self.places[HERE] | {
            "assignment": str(assigned.assignment),
            "problem": assigned.slug,
            "problem_version": str(assigned.version),
            **self._sent(assigned),
        }
        return assigned

    def _draw(self, assigned: ProblemReference, student: UUID, base: int) -> None:
        with self.world.session() as session:
            rows = session.scalars(select(Variant).where(Variant.version_id == assigned.version))
            [position] = [one.position for one in rows if _base(one.data) == base]
            session.add(
                Draw(
                    problem_id=assigned.id,
                    student_id=student,
                    number=0,
                    version_id=assigned.version,
                    position=position,
                    opened_at=NOW,
                )
            )

    def _sent(self, assigned: ProblemReference) -> dict[str, str]:
        mine = (Answer.problem_id == assigned.id, Answer.student_id == self.student.id)
        with self.world.db.reading() as session:
            answer = session.scalar(select(Answer.id).where(*mine, Answer.part == "why"))
            theirs = Submission.problem_id == assigned.id, Submission.student_id == self.student.id
            submission = session.scalar(select(Submission.id).where(*theirs))
        return {"answer": str(answer), "submission": str(submission), "part": "why"}

    def _plant_work(self) -> None:
        answer = self._id(KEYED, "answer")
        told = {"comment": "zqmarked", "reason": "zqwhymarked", "credit": 0.5}
        marked = self.grader.put(f"/answers/{answer}/mark", told, headers={"If-Match": "*"})
        assert marked.status_code == 200, marked.text
        with self.world.session() as session:
            session.get_one(Review, answer).flag = "zqflag"
            for text, public in (("zqstaffonly", False), ("zqheld", True)):
                comment = {"answer_id": answer, "author_id": self.grader.id, "created_at": NOW}
                session.add(Comment(id=new_id(), text=text, public=public, **comment))
            session.add(
                Draft(
                    problem_id=self.keyed.id,
                    student_id=self.student.id,
                    answers={"why": "zqdraft"},
                    saved_at=NOW + timedelta(seconds=1),
                    sequence=1,
                    version=1,
                )
            )

    def _id(self, place: str, parameter: str) -> UUID:
        return UUID(self.places[place][parameter])


def _plant_claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims of a launch with markers; its person and its context stay the same."""
    subjects = {"u-student": "zqsubjectstudent", "u-new": "zqclaimsubject"}
    is_here = claims["context_id"] == HERE
    return {
        **claims,
        "name": "zqlaunchname",
        "email": "zqclaim@example.edu",
        "subject": subjects.get(claims["subject"], claims["subject"]),
        "context_title": "zqcontext" if is_here else "zqclaim",
        "link_title": "zqlinktitle",
    }


def _pieces_of_key(pem: str) -> set[str]:
    """Return the texts that reveal a private key: lines of its PEM, and numbers of its JWK.

    The first lines of a PEM are left out, because they have the public number too.
    """
    key = RSAKey.import_key(pem).as_dict(private=True)
    lines = pem.strip().splitlines()[-8:-1]
    return {*lines, *(str(key[name]) for name in ("d", "p", "q", "dp", "dq", "qi"))}


def _base(data: Mapping[str, Any]) -> int:
    """Return the number that a stored variant was drawn with."""
    told = data["params"]["K"]
    return int(told if isinstance(told, int | str) else next(iter(told.values())))
