"""Tests that the caches of a process fit in their share of memory."""

from api.services.engine.variants import VARIANT_CACHE_SIZE
from api.services.submissions.cache.submission_cache import (
    MAX_CACHED_GRADES,
    MAX_CACHED_STATES,
    MAX_CACHED_SUBMITTERS,
)
from api.services.submissions.grading import RESULT_CACHE_SIZE
from grader.grading.context import CACHED_MUTATION_INDEXES

MAX_MEBIBYTES = 200
KIB_OF_ENTRIES = {  # measured by benchmarks/memory.py
    2.5: MAX_CACHED_STATES,
    1.6: MAX_CACHED_SUBMITTERS,  # with the time of the last use
    0.8: MAX_CACHED_GRADES,
    18.8: VARIANT_CACHE_SIZE,
    7.5: RESULT_CACHE_SIZE,
    9.4: CACHED_MUTATION_INDEXES,
}


def test_caches_of_a_process_fit_in_their_share_of_memory():
    kib = sum(kib_each * count for kib_each, count in KIB_OF_ENTRIES.items())
    assert kib / 1024 < MAX_MEBIBYTES
