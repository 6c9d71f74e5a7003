"""Kinds of messages: what each is about, and whether its recipient may decline it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

MessageKind: TypeAlias = Literal[
    "password_reset",
    "invitation",
    "results_released",
    "request_answered",
    "due_soon",
    "work_waiting",
]


@dataclass(frozen=True, slots=True)
class KindRule:
    """Rule of a kind of message.

    *description* completes "E-mail when …". An *optional* kind can be declined as e-mail. *news*
    are also on the home page. A kind that is not *counted* ignores the hourly limit.
    """

    description: str
    optional: bool = False
    news: bool = False
    counted: bool = True


KIND_RULES: Final[Mapping[MessageKind, KindRule]] = {
    "password_reset": KindRule("you request a new password", counted=False),
    "invitation": KindRule("a course or an administrator invites you"),
    "results_released": KindRule(
        "the results of an assignment are released", optional=True, news=True
    ),
    "request_answered": KindRule("your regrade request is answered", optional=True, news=True),
    "due_soon": KindRule(
        "an assignment is due within a day and you have not submitted anything",
        optional=True,
        news=True,
    ),
    "work_waiting": KindRule(
        "answers or requests of your course wait for the staff, each morning", optional=True
    ),
}
OPTIONAL_KINDS: Final[tuple[MessageKind, ...]] = tuple(
    kind for kind, rule in KIND_RULES.items() if rule.optional
)
"""Kinds that a recipient may decline."""
NEWS_KINDS: Final[tuple[MessageKind, ...]] = tuple(
    kind for kind, rule in KIND_RULES.items() if rule.news
)
"""Kinds that the home page shows as news."""
UNCOUNTED_KINDS: Final[tuple[MessageKind, ...]] = tuple(
    kind for kind, rule in KIND_RULES.items() if not rule.counted
)
"""Kinds that the hourly limit of a recipient does not count."""
SCORE_KIND: Final = "score"
"""Kind of a message that sends a score to a learning platform; it is no e-mail, and no news."""
