"""State of a running service: settings, database, clock, caches and background workers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Self

from api.auth.passwords import DEFAULT_HASH_COST, HashCost, PasswordHasher
from api.config.login_header import ProxyLogin
from api.config.oidc_settings import parse_oidc_providers
from api.config.settings import ServiceSettings
from api.core.clock import Clock, system_clock
from api.db.engine import Database
from api.markup.student_answers import AnswerRenderer
from api.rate_limits.distributed import DistributedRateLimits
from api.rate_limits.heavy_work import HeavyWorkQueue, PersonConcurrencyLimit
from api.rate_limits.leaky_bucket import LeakyBucketLimiter, RateLimit
from api.rate_limits.reading_budget import (
    MIN_EXCHANGED_MILLISECONDS,
    READING_RATE,
    ReadingBudget,
)
from api.rate_limits.storage_budget import MIN_EXCHANGED_BYTES, StorageBudget, daily_rate
from api.services.analytics.timed_cache import TimedCache, make_work_timer
from api.services.engine.grading_pool import GradingPool
from api.services.engine.variants import VariantCache
from api.services.files.expiry_runner import FileExpiryRunner
from api.services.outbox.queue import Outbox
from api.services.outbox.runner import OutboxRunner
from api.services.problems.publishing_pool import PublishingPool
from api.services.regrades.execution.grading_jobs import get_executor_factory
from api.services.regrades.execution.runner import RegradeRunner
from api.services.reports.uploads.report_reader import ReportReader
from api.services.submissions.cache.submission_cache import SubmissionCache
from api.services.submissions.writer.writer_thread import SubmissionWriter

if TYPE_CHECKING:
    from api.services.external_login.oidc import OidcProvider
    from api.services.lti.roster.runner import RosterRunner
    from api.services.lti.scores.runner import ScoreRunner
    from api.services.lti.tool import LtiTool

RateLimitClass = Literal["submissions", "drafts", "requests"]
"""What is counted apart, so that typing does not use up what handing in needs."""
STORED_BYTES: Final = "stored_bytes"
READING_TIME: Final = "reading_time"
SEARCHES: Final = "searches"
"""Searches of the documentation, which anybody may make: counted by address."""
SEARCHES_PER_MINUTE: Final = 60

SECONDS_PER_MINUTE: Final = 60


def create_password_hasher(settings: ServiceSettings) -> PasswordHasher:
    """Return the password hasher with the memory cost of *settings*."""
    return PasswordHasher(
        HashCost(DEFAULT_HASH_COST.passes, settings.password_memory, DEFAULT_HASH_COST.threads)
    )


def _build_rate_limits(settings: ServiceSettings) -> Mapping[str, RateLimit]:
    counts_per_minute: dict[RateLimitClass, int] = {
        "submissions": settings.submissions_per_minute,
        "drafts": settings.drafts_per_minute,
        "requests": settings.requests_per_minute,
    }
    limits = {
        str(pace): RateLimit(count, SECONDS_PER_MINUTE) for pace, count in counts_per_minute.items()
    }
    return limits | {
        STORED_BYTES: daily_rate(settings.stored_mebibytes_per_day),
        READING_TIME: READING_RATE,
        SEARCHES: RateLimit(SEARCHES_PER_MINUTE, SECONDS_PER_MINUTE),
    }


def _build_oidc_providers(settings: ServiceSettings) -> "Mapping[str, OidcProvider]":
    """Return the OpenID providers by id; without any, their libraries are not loaded."""
    if not settings.oidc:
        return {}
    from api.services.external_login.oidc import OidcProvider  # noqa: PLC0415  # takes long

    return {
        provider.id: OidcProvider(provider, settings.public_url)
        for provider in parse_oidc_providers(settings.oidc)
    }


def build_lti_tool(settings: ServiceSettings) -> "LtiTool | None":
    """Return the LTI tool; if LTI is off, its libraries are not loaded."""
    if not settings.lti:
        return None
    from api.services.lti.tool import LtiTool  # noqa: PLC0415  # takes long

    return LtiTool.from_settings(settings)


def build_score_runner(
    db: Database,
    clock: Clock,
    tool: "LtiTool | None",
    settings: ServiceSettings,
    after_score: Callable[[], None] = lambda: None,
) -> "ScoreRunner | None":
    """Return the runner that sends scores to learning platforms, None if LTI is off."""
    if tool is None:
        return None
    from api.services.lti.scores.runner import ScoreRunner  # noqa: PLC0415  # takes long

    return ScoreRunner(
        db, clock, tool, max_rate=settings.lti_scores_per_second, after_score=after_score
    )


def build_roster_runner(
    db: Database, clock: Clock, tool: "LtiTool | None"
) -> "RosterRunner | None":
    """Return the runner that compares rosters of learning platforms, None if LTI is off."""
    if tool is None:
        return None
    from api.services.lti.roster.runner import RosterRunner  # noqa: PLC0415  # takes long

    return RosterRunner(db, clock, tool)


@dataclass(frozen=True, slots=True)
class AppState:
    """Components of a running service; `close` stops them after the writer has finished."""

    settings: ServiceSettings
    db: Database
    clock: Clock
    passwords: PasswordHasher
    variants: VariantCache = field(default_factory=VariantCache)
    submission_cache: SubmissionCache = field(default_factory=SubmissionCache, kw_only=True)
    grading_pool: GradingPool = field(default_factory=GradingPool)
    heavy_reads: HeavyWorkQueue = field(default_factory=HeavyWorkQueue)
    gradebook_reads: PersonConcurrencyLimit = field(default_factory=PersonConcurrencyLimit)
    recomputations: HeavyWorkQueue = field(default_factory=HeavyWorkQueue)
    analytics_cache: TimedCache = field(init=False)
    writer: SubmissionWriter = field(init=False)
    regrades: RegradeRunner = field(init=False)
    outbox: Outbox = field(init=False)
    outbox_runner: OutboxRunner = field(init=False)
    expiry_runner: FileExpiryRunner = field(init=False)
    publishing: PublishingPool = field(init=False)
    answer_renderer: AnswerRenderer = field(init=False)
    report_reader: ReportReader = field(init=False)
    shared_rate_limits: DistributedRateLimits = field(init=False)
    storage: StorageBudget = field(init=False)
    proxy_login: ProxyLogin | None = field(init=False)
    oidc_providers: "Mapping[str, OidcProvider]" = field(init=False)
    lti: "LtiTool | None" = field(init=False)
    score_runner: "ScoreRunner | None" = field(init=False)
    roster_runner: "RosterRunner | None" = field(init=False)

    def __post_init__(self) -> None:
        """Build the components and start the writer; the others start with the application."""
        shared = DistributedRateLimits(
            self.db,
            self.clock,
            _build_rate_limits(self.settings),
            min_pending={
                STORED_BYTES: MIN_EXCHANGED_BYTES,
                READING_TIME: MIN_EXCHANGED_MILLISECONDS,
            },
        )
        object.__setattr__(self, "shared_rate_limits", shared)
        storage = StorageBudget(shared.limiters[STORED_BYTES])
        object.__setattr__(self, "storage", storage)
        writer = SubmissionWriter(
            self.db, self.variants, self.submission_cache, self.clock, on_stored=storage.add
        )
        object.__setattr__(self, "writer", writer)
        analytics_cache = TimedCache(make_work_timer(self.db, self.clock))
        object.__setattr__(self, "analytics_cache", analytics_cache)
        publishing = PublishingPool(
            self.settings.problem_workers, deadline_seconds=self.settings.problem_deadline
        )
        object.__setattr__(self, "publishing", publishing)
        # Tests render texts without a process, as they publish problems.
        renderer = AnswerRenderer(min(self.settings.problem_workers, 1))
        object.__setattr__(self, "answer_renderer", renderer)
        budget = ReadingBudget(shared.limiters[READING_TIME])
        reader = ReportReader(self.settings.report_workers, budget=budget)
        object.__setattr__(self, "report_reader", reader)
        header = self.settings.login_header
        object.__setattr__(self, "proxy_login", ProxyLogin.parse(header) if header else None)
        object.__setattr__(self, "oidc_providers", _build_oidc_providers(self.settings))
        object.__setattr__(self, "lti", build_lti_tool(self.settings))
        self._build_runners(writer.wait_briefly_until_drained)

    def _build_runners(self, after_step: Callable[[], None]) -> None:
        """Build the background workers, which call *after_step* so that submissions come first."""
        regrades = RegradeRunner(
            self.db,
            self.clock,
            workers=self.settings.regrade_workers,
            executor_factory=get_executor_factory(self.settings.regrade_cluster),
            after_chunk=after_step,
        )
        object.__setattr__(self, "regrades", regrades)
        object.__setattr__(self, "outbox", Outbox(self.settings.smtp_host is not None))
        outbox_runner = OutboxRunner.from_settings(
            self.db, self.clock, self.settings, after_message=after_step
        )
        object.__setattr__(self, "outbox_runner", outbox_runner)
        expiry_runner = FileExpiryRunner(self.db, self.clock, days=self.settings.report_days)
        object.__setattr__(self, "expiry_runner", expiry_runner)
        scores = build_score_runner(self.db, self.clock, self.lti, self.settings, after_step)
        object.__setattr__(self, "score_runner", scores)
        rosters = build_roster_runner(self.db, self.clock, self.lti)
        object.__setattr__(self, "roster_runner", rosters)

    @property
    def rate_limiters(self) -> Mapping[str, LeakyBucketLimiter]:
        """The rate limiters of this process, by `RateLimitClass`."""
        return self.shared_rate_limits.limiters

    @classmethod
    def from_settings(
        cls,
        settings: ServiceSettings,
        *,
        clock: Clock = system_clock,
        submission_cache: SubmissionCache | None = None,
    ) -> Self:
        """Return the components of a service with these *settings*."""
        return cls(
            settings,
            Database(settings.database),
            clock,
            create_password_hasher(settings),
            submission_cache=submission_cache or SubmissionCache(),
        )

    def close(self) -> None:
        """Finish all accepted work, then close the database."""
        for provider in self.oidc_providers.values():
            provider.http.close()
        self.publishing.close()
        self.answer_renderer.close()
        self.report_reader.close()
        self.regrades.close()
        self.outbox_runner.close()
        self.expiry_runner.close()
        for lti_runner in (self.score_runner, self.roster_runner):
            if lti_runner is not None:
                lti_runner.close()
        if self.lti is not None:
            self.lti.close()
        self.grading_pool.close()
        self.writer.close()
        self.shared_rate_limits.close()
        self.db.close()
