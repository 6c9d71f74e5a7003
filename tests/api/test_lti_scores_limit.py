"""Test of the rate of 1,000 scores: close to the limit of a platform, and never above it."""

from collections import Counter

from lti_platform import DIALECTS
from passback import LIMITS, LimitedPlatform, send_all
from sqlalchemy import select
from world import World

from api.db.models import OutboxMessage

LIMIT = 10
"""Scores per second that the platform accepts, within any second."""
LATENCY = 0.2
"""Seconds that the platform takes for a score: one at a time, five a second would arrive."""


def test_a_thousand_scores_are_sent_at_nine_tenths_of_the_limit(database_url):
    world = World(database_url)
    limiter = LIMITS["sliding"](LIMIT, 1, None)
    platform = LimitedPlatform(DIALECTS["moodle"], limiter=limiter, latency=LATENCY)
    rate = send_all(world, platform, students=100, assignments=10, max_rate=LIMIT)
    assert 0.9 * LIMIT <= rate <= LIMIT
    assert platform.limited == 0  # no request was above the limit
    with world.session() as session:
        assert Counter(session.scalars(select(OutboxMessage.status))) == {"sent": 1000}
    world.close()
