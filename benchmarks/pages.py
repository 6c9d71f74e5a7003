"""How long the server works for each page of the demo course, and how much it sends.

Every page is asked for as the student and as the instructor of the demo, in this process, which
collects its garbage as the one that serves, and without a network: first once at every place, such
as each problem, then so many rounds in turn at the place whose page is the largest. Files, and
pages that only an administrator has, are left out.

Run with ``.venv/bin/python benchmarks/pages.py [ROUNDS] [DATABASE]``; by default 20 rounds over a
demo course of 200 students that is made for it. A database with a demo course, such as
``sqlite:///grader.db``, gets new logins and a regrade.
"""

import gzip
import logging
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import chain, product
from pathlib import Path
from statistics import median, quantiles

from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pages_asked import Answer, Browser, Statements
from sqlalchemy import and_, func, select

from api.app import create_app
from api.config.settings import ServiceSettings
from api.core.process_lifecycle import freeze_gc
from api.db import models
from api.demo.welcome import WelcomeMessage
from api.pages.all_pages import PAGES
from api.server.bootstrap import bootstrap

DEFAULTS = ("20", "")
SEEDS = 20
PARAMETER = re.compile(r"\{(\w+)\}")
COMPARED = ("/healthz", "/login")
KIBIBYTE = 1024
OK = 200
PACES = ("submissions_per_minute", "drafts_per_minute", "requests_per_minute")
HEAD = f"{'ms':>7} {'p95':>7} {'CPU ms':>7} {'SQL':>4} {'KB':>6}  {'who':<10}  page"

Place = Mapping[str, object]


@dataclass
class Row:
    """A page as somebody has it, at one address, and what it cost each time."""

    path: str
    who: str
    address: str
    answers: list[Answer] = field(default_factory=list)

    @property
    def took(self) -> float:
        """The median of the milliseconds."""
        return median(one.took for one in self.answers)

    @property
    def worked(self) -> float:
        """The median of the processor's milliseconds."""
        return median(one.worked for one in self.answers)

    @property
    def size(self) -> float:
        """The size of the page in KB."""
        return len(self.answers[-1].body) / KIBIBYTE

    def line(self) -> str:
        """Return the row of the table."""
        slow = quantiles([one.took for one in self.answers], n=20)[-1]
        numbers = f"{self.took:7.2f} {slow:7.2f} {self.worked:7.2f}"
        statements = self.answers[-1].statements
        return f"{numbers} {statements:4} {self.size:6.1f}  {self.who:<10}  {self.path}"


@dataclass
class Tour:
    """The demo course, and those who look at it."""

    app: FastAPI
    loop: BlockingPortal
    welcome: WelcomeMessage
    browsers: dict[str, Browser] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Log in those whom the demo knows, and nobody."""
        statements = Statements(self.app)
        for who in ("anybody", "student", "instructor"):
            self.browsers[who] = Browser(self.app, self.loop, statements)
            if who in self.welcome.logins:
                login = self.welcome.logins[who]
                self.browsers[who].fill_in("/login", email=login.email, password=login.password)

    def places(self) -> list[Place]:
        """Return, for every problem that the student has worked on, what addresses can name."""
        student = self.welcome.logins["student"].user_id
        problem, submission, answer = models.AssignmentProblem, models.Submission, models.Answer
        by_person = answer.manual | (answer.status == "needs_review")
        run = select(func.max(models.Regrade.id))
        with self.app.state.service.db.reading() as session:
            found: list[Place] = []
            for one in session.scalars(select(problem).order_by(problem.id)):
                worked_on = submission.problem_id == one.id, submission.student_id == student
                last = select(submission.id).where(*worked_on).order_by(submission.id.desc())
                given = select(answer.id, answer.part).where(answer.problem_id == one.id)
                handed_in = session.scalar(last.limit(1))
                chosen = session.execute(given.order_by(by_person.desc()).limit(1)).first()
                regrade = session.scalar(run.where(models.Regrade.problem_id == one.id))
                if handed_in and chosen:
                    found.append(
                        {
                            "course": self.welcome.course,
                            "assignment": one.assignment_id,
                            "problem": one.slug,
                            "problem_version": one.version_id,
                            "user": student,
                            "submission": handed_in,
                            "answer": chosen[0],
                            "part": chosen[1],
                            "regrade": regrade or "-",
                        }
                    )
        return found

    def prepare_regrades(self) -> None:
        """See to it that each problem has a regrade whose dry run is done; a part is worth more."""
        service = self.app.state.service
        problem, answer = models.AssignmentProblem, models.Answer
        by_engine = answer.problem_id == problem.id, ~answer.manual, answer.credit.is_not(None)
        with service.db.reading() as session:
            rows = session.execute(
                select(problem.assignment_id, problem.slug, func.min(answer.part))
                .join(answer, and_(*by_engine))
                .group_by(problem.id)
            ).all()
        for assignment, slug, part in rows:
            told = {"version": {"parts": {part: {"points": 7}}}}
            path = f"/api/v1/assignments/{assignment}/problems/{slug}/regrades"
            self.browsers["instructor"].post(path, told)
        service.regrades.run_until_idle()

    def rows(self) -> Iterator[Row]:
        """Yield the pages, each as those have it who may, where it is the largest."""
        self.prepare_regrades()
        places = self.places()
        for who, path in product(("student", "instructor"), paths()):
            addresses = dict.fromkeys(filled(path, place) for place in places)
            asked = [(one, self.browsers[who].get(one)) for one in addresses]
            shown = [(len(got.body), one) for one, got in asked if is_page(got)]
            if shown:
                yield Row(path, who, max(shown)[1])

    def ask(self, row: Row) -> None:
        """Ask for the page of *row* once more."""
        row.answers.append(self.browsers[row.who].get(row.address))


def paths() -> list[str]:
    """Return the paths of all pages."""
    routes = chain.from_iterable(one.routes for one in PAGES)
    found = [one.path for one in routes if isinstance(one, APIRoute) and "GET" in one.methods]
    return sorted(one for one in found if one not in COMPARED)


def filled(path: str, place: Place) -> str:
    """Return *path* at a place; a parameter that is none of the course stays."""
    return PARAMETER.sub(lambda found: str(place.get(found[1], "-")), path)


def is_page(answer: Answer) -> bool:
    """Tell whether an answer is a page for people."""
    return answer.status == OK and answer.headers["content-type"].startswith("text/html")


def sizes() -> Iterator[str]:
    """Yield a line for the scripts and one for the style sheet."""
    static = files("api") / "web" / "static"
    for ending in (".js", ".css"):
        bodies = [one.read_bytes() for one in static.iterdir() if one.name.endswith(ending)]
        whole, packed = (
            sum(map(len, all_)) / KIBIBYTE for all_ in (bodies, map(gzip.compress, bodies))
        )
        yield f"{ending[1:]}: {len(bodies)} files, {whole:.1f} KB, compressed {packed:.1f} KB"


def summary(rows: Sequence[Row], compared: Sequence[Row]) -> Iterator[str]:
    """Yield what all pages together come to."""
    took, worked = median(one.took for one in rows), median(one.worked for one in rows)
    largest = max(rows, key=lambda one: one.size)
    yield f"{len(rows)} pages: median {took:.2f} ms, {worked:.2f} ms of the processor"
    for one in compared:
        yield f"{took / one.took:.1f} times {one.path} ({worked / one.worked:.1f} by the processor)"
    yield f"largest {largest.size:.1f} KB: {largest.path}"


def measure(tour: Tour, rounds: int) -> None:
    """Print the table."""
    rows = list(tour.rows())
    compared = [Row(path, "anybody", path) for path in COMPARED]
    for row in chain(*[[*rows, *compared]] * rounds):
        tour.ask(row)
    print(HEAD)
    for row in sorted([*rows, *compared], key=lambda one: one.worked):
        print(row.line())
    print("\n".join(["", *summary(rows, compared), *sizes()]))


def main(arguments: list[str]) -> None:
    """Run with what the command line says."""
    rounds, url = (*arguments, *DEFAULTS[len(arguments) :])
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        database = url or f"sqlite:///{Path(folder) / 'demo.db'}"
        paces = dict.fromkeys(PACES, 1_000_000)
        settings = ServiceSettings(
            database=database, demo=True, seeds=SEEDS, regrade_workers=0, **paces
        )
        welcome = bootstrap(settings)
        if welcome is None or "student" not in welcome.logins:
            raise SystemExit("this is not a demo course as it was made")
        app = create_app(settings)
        freeze_gc()
        with start_blocking_portal() as loop:
            measure(Tour(app, loop, welcome), int(rounds))
        app.state.service.close()


if __name__ == "__main__":
    main(sys.argv[1:])
