"""State of a running service: settings, database, clock, caches and background workers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Self

from api.auth.passwords import STANDARD, Cost, Passwords
from api.config.settings import Settings
from api.core.clock import Clock, system_clock
from api.db.engine import Database
from api.http.pipeline.rate_limiter import Rate, Throttle
from api.services.analytics.timed_cache import Figures, seconds_of
from api.services.engine.judging_pool import JudgingPool
from api.services.engine.variants import Variants
from api.services.problems.publishing_pool import PublishingPool
from api.services.rate_limits.distributed_rate_limits import SharedThrottles
from api.services.rate_limits.heavy_work import PersonLimit, TurnQueue
from api.services.rate_limits.storage_budget import EXCHANGED_BYTES, StorageBudget, daily_rate
from api.services.regrades.execution.executors import executor_of
from api.services.regrades.execution.runner import Runner
from api.services.submissions.cache.memory import Memory
from api.services.submissions.writer.queue import Writer

__all__ = ["Pace", "Service", "passwords_of"]

Pace = Literal["submissions", "drafts", "requests"]
"""What is counted apart, so that typing does not use up what handing in needs."""
STORED_BYTES: Final = "stored_bytes"

MINUTE: Final = 60


def passwords_of(settings: Settings) -> Passwords:
    """Return the password hasher with the memory cost of *settings*."""
    return Passwords(Cost(STANDARD.passes, settings.password_memory, STANDARD.threads))


def _rates(settings: Settings) -> Mapping[str, Rate]:
    times: dict[Pace, int] = {
        "submissions": settings.submissions_per_minute,
        "drafts": settings.drafts_per_minute,
        "requests": settings.requests_per_minute,
    }
    by_minute = {str(pace): Rate(count, MINUTE) for pace, count in times.items()}
    return by_minute | {STORED_BYTES: daily_rate(settings.stored_mebibytes_per_day)}


@dataclass(frozen=True, slots=True)
class Service:
    """Components of a running service; `close` stops them after the writer has finished."""

    settings: Settings
    db: Database
    clock: Clock
    passwords: Passwords
    variants: Variants = field(default_factory=Variants)
    memory: Memory = field(default_factory=Memory)
    judging_pool: JudgingPool = field(default_factory=JudgingPool)
    heavy_reads: TurnQueue = field(default_factory=TurnQueue)
    gradebook_reads: PersonLimit = field(default_factory=PersonLimit)
    recomputations: TurnQueue = field(default_factory=TurnQueue)
    figures: Figures = field(init=False)
    writer: Writer = field(init=False)
    regrades: Runner = field(init=False)
    publishing: PublishingPool = field(init=False)
    shared_throttles: SharedThrottles = field(init=False)
    storage: StorageBudget = field(init=False)

    def __post_init__(self) -> None:
        """Build the components and start the writer; the others start with the application."""
        shared = SharedThrottles(
            self.db,
            self.clock,
            _rates(self.settings),
            min_owing={STORED_BYTES: EXCHANGED_BYTES},
        )
        object.__setattr__(self, "shared_throttles", shared)
        storage = StorageBudget(shared.throttles[STORED_BYTES])
        object.__setattr__(self, "storage", storage)
        writer = Writer(self.db, self.variants, self.memory, self.clock, on_stored=storage.add)
        workers = self.settings.regrade_workers
        make = executor_of(self.settings.regrade_cluster)
        regrades = Runner(
            self.db, self.clock, workers=workers, make=make, between=writer.let_go_first
        )
        object.__setattr__(self, "figures", Figures(seconds_of(self.db, self.clock)))
        object.__setattr__(self, "writer", writer)
        object.__setattr__(self, "regrades", regrades)
        publishing = PublishingPool(
            self.settings.problem_workers, deadline_seconds=self.settings.problem_deadline
        )
        object.__setattr__(self, "publishing", publishing)

    @property
    def throttles(self) -> Mapping[str, Throttle]:
        """The rate limiters of this process, by pace."""
        return self.shared_throttles.throttles

    @classmethod
    def of(cls, settings: Settings, *, clock: Clock = system_clock) -> Self:
        """Return a service with these *settings*."""
        return cls(settings, Database(settings.database), clock, passwords_of(settings))

    def close(self) -> None:
        """Finish all accepted work, then close the database."""
        self.publishing.close()
        self.regrades.close()
        self.judging_pool.close()
        self.writer.close()
        self.shared_throttles.close()
        self.db.close()
