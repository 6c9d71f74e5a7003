"""Measure the time and the size of each page of the demo course.

Requests every page as the student and as the instructor of the demo, in this process, without a
network and with the garbage collection of the service: first once for each object, such as each
problem, then ROUNDS times in turn for the object whose page is the largest. Files and pages of
administrators are left out.

Run with ``.venv/bin/python benchmarks/pages.py [ROUNDS] [DATABASE]``; by default 20 rounds over a
new demo course of 200 students. A database with a demo course, such as ``sqlite:///grader.db``,
gets new logins and a regrade.
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
from asgi_client import Browser, Response, StatementCounter
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import and_, func, select

from api.app import create_app
from api.config.settings import ServiceSettings
from api.core.process_lifecycle import freeze_gc
from api.db import models
from api.demo.welcome import WelcomeMessage
from api.pages.all_pages import PAGES
from api.server.bootstrap import bootstrap

DEFAULT_ARGUMENTS = ("20", "")
SEEDS = 20
PARAMETER = re.compile(r"\{(\w+)\}")
REFERENCE_PATHS = ("/healthz", "/login")
KIBIBYTE = 1024
OK = 200
RATE_LIMITS = ("submissions_per_minute", "drafts_per_minute", "requests_per_minute")
TABLE_HEAD = f"{'ms':>7} {'p95':>7} {'CPU ms':>7} {'SQL':>4} {'KB':>6}  {'who':<10}  page"

PathParameters = Mapping[str, object]


@dataclass
class PageMeasurement:
    """Page of a role at one URL, and its responses."""

    path: str
    who: str
    address: str
    responses: list[Response] = field(default_factory=list)

    @property
    def wall_ms(self) -> float:
        """The median of the elapsed milliseconds."""
        return median(response.wall_ms for response in self.responses)

    @property
    def cpu_ms(self) -> float:
        """The median of the CPU milliseconds."""
        return median(response.cpu_ms for response in self.responses)

    @property
    def size(self) -> float:
        """The size of the page in KB."""
        return len(self.responses[-1].body) / KIBIBYTE

    def format_row(self) -> str:
        """Return the row of the table."""
        p95 = quantiles([response.wall_ms for response in self.responses], n=20)[-1]
        numbers = f"{self.wall_ms:7.2f} {p95:7.2f} {self.cpu_ms:7.2f}"
        statements = self.responses[-1].statements
        return f"{numbers} {statements:4} {self.size:6.1f}  {self.who:<10}  {self.path}"


@dataclass
class DemoBenchmark:
    """The demo course, and a browser for each role."""

    app: FastAPI
    loop: BlockingPortal
    welcome: WelcomeMessage
    browsers: dict[str, Browser] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Log in the student and the instructor; the anonymous browser has no login."""
        counter = StatementCounter(self.app)
        for role in ("anonymous", "student", "instructor"):
            self.browsers[role] = Browser(self.app, self.loop, counter)
            if role in self.welcome.logins:
                login = self.welcome.logins[role]
                self.browsers[role].submit_form(
                    "/login", email=login.email, password=login.password
                )

    def load_path_parameters(self) -> list[PathParameters]:
        """Return the path parameters of every problem that the student has worked on."""
        student = self.welcome.logins["student"].user_id
        problem, submission, answer = models.AssignmentProblem, models.Submission, models.Answer
        graded_by_person = answer.manual | (answer.status == "needs_review")
        last_regrade = select(func.max(models.Regrade.id))
        with self.app.state.service.db.reading() as session:
            parameters: list[PathParameters] = []
            for row in session.scalars(select(problem).order_by(problem.id)):
                of_student = submission.problem_id == row.id, submission.student_id == student
                submissions = (
                    select(submission.id).where(*of_student).order_by(submission.id.desc())
                )
                answers = select(answer.id, answer.part).where(answer.problem_id == row.id)
                submission_id = session.scalar(submissions.limit(1))
                chosen_answer = session.execute(
                    answers.order_by(graded_by_person.desc()).limit(1)
                ).first()
                regrade = session.scalar(last_regrade.where(models.Regrade.problem_id == row.id))
                if submission_id and chosen_answer:
                    parameters.append(
                        {
                            "course": self.welcome.course,
                            "assignment": row.assignment_id,
                            "problem": row.slug,
                            "problem_version": row.version_id,
                            "user": student,
                            "submission": submission_id,
                            "answer": chosen_answer[0],
                            "part": chosen_answer[1],
                            "regrade": regrade or "-",
                        }
                    )
        return parameters

    def prepare_regrades(self) -> None:
        """Create a regrade of each problem, with new points of a part, and finish its dry run."""
        service = self.app.state.service
        problem, answer = models.AssignmentProblem, models.Answer
        autograded = answer.problem_id == problem.id, ~answer.manual, answer.credit.is_not(None)
        with service.db.reading() as session:
            first_parts = session.execute(
                select(problem.assignment_id, problem.slug, func.min(answer.part))
                .join(answer, and_(*autograded))
                .group_by(problem.id)
            ).all()
        for assignment, slug, part in first_parts:
            body = {"version": {"parts": {part: {"points": 7}}}}
            path = f"/api/v1/assignments/{assignment}/problems/{slug}/regrades"
            self.browsers["instructor"].post(path, body)
        service.regrades.run_until_idle()

    def generate_pages(self) -> Iterator[PageMeasurement]:
        """Yield the pages that each role may open, with the parameters of the largest."""
        self.prepare_regrades()
        parameter_sets = self.load_path_parameters()
        for role, path in product(("student", "instructor"), list_paths()):
            addresses = dict.fromkeys(fill_path(path, parameters) for parameters in parameter_sets)
            requested = [(address, self.browsers[role].get(address)) for address in addresses]
            page_sizes = [
                (len(response.body), address)
                for address, response in requested
                if is_page(response)
            ]
            if page_sizes:
                yield PageMeasurement(path, role, max(page_sizes)[1])

    def request_page(self, page: PageMeasurement) -> None:
        """Request a page once more."""
        page.responses.append(self.browsers[page.who].get(page.address))


def list_paths() -> list[str]:
    """Return the paths of all pages."""
    routes = chain.from_iterable(route.routes for route in PAGES)
    page_paths = [
        route.path for route in routes if isinstance(route, APIRoute) and "GET" in route.methods
    ]
    return sorted(route for route in page_paths if route not in REFERENCE_PATHS)


def fill_path(path: str, parameters: PathParameters) -> str:
    """Return *path* with its parameters filled in; an unknown one becomes "-"."""
    return PARAMETER.sub(lambda match: str(parameters.get(match[1], "-")), path)


def is_page(response: Response) -> bool:
    """Return whether a response is an HTML page."""
    return response.status == OK and response.headers["content-type"].startswith("text/html")


def format_asset_sizes() -> Iterator[str]:
    """Yield a line for the scripts and one for the style sheet."""
    static = files("api") / "web" / "static"
    for ending in (".js", ".css"):
        bodies = [file.read_bytes() for file in static.iterdir() if file.name.endswith(ending)]
        size, compressed = (
            sum(map(len, contents)) / KIBIBYTE for contents in (bodies, map(gzip.compress, bodies))
        )
        yield f"{ending[1:]}: {len(bodies)} files, {size:.1f} KB, compressed {compressed:.1f} KB"


def format_summary(
    pages: Sequence[PageMeasurement], references: Sequence[PageMeasurement]
) -> Iterator[str]:
    """Yield the lines that summarize all pages."""
    wall_ms, cpu_ms = median(page.wall_ms for page in pages), median(page.cpu_ms for page in pages)
    largest = max(pages, key=lambda page: page.size)
    yield f"{len(pages)} pages: median {wall_ms:.2f} ms, {cpu_ms:.2f} ms CPU"
    for page in references:
        yield f"{wall_ms / page.wall_ms:.1f} times {page.path} ({cpu_ms / page.cpu_ms:.1f} CPU)"
    yield f"largest {largest.size:.1f} KB: {largest.path}"


def measure(benchmark: DemoBenchmark, rounds: int) -> None:
    """Print the table."""
    pages = list(benchmark.generate_pages())
    references = [PageMeasurement(path, "anonymous", path) for path in REFERENCE_PATHS]
    for page in chain(*[[*pages, *references]] * rounds):
        benchmark.request_page(page)
    print(TABLE_HEAD)
    for page in sorted([*pages, *references], key=lambda page: page.cpu_ms):
        print(page.format_row())
    print("\n".join(["", *format_summary(pages, references), *format_asset_sizes()]))


def main(arguments: list[str]) -> None:
    """Run with the arguments of the command line."""
    rounds, url = (*arguments, *DEFAULT_ARGUMENTS[len(arguments) :])
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        database = url or f"sqlite:///{Path(folder) / 'demo.db'}"
        rate_limits = dict.fromkeys(RATE_LIMITS, 1_000_000)
        settings = ServiceSettings(
            database=database, demo=True, seeds=SEEDS, regrade_workers=0, **rate_limits
        )
        welcome = bootstrap(settings)
        if welcome is None or "student" not in welcome.logins:
            raise SystemExit("the database has no unchanged demo course")
        app = create_app(settings)
        freeze_gc()
        with start_blocking_portal() as loop:
            measure(DemoBenchmark(app, loop, welcome), int(rounds))
        app.state.service.close()


if __name__ == "__main__":
    main(sys.argv[1:])
