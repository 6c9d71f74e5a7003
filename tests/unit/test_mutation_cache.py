"""Tests of the cache of wrong answers by mutation, which takes more memory than the contexts."""

import gc
from weakref import ref

from factories import BOOK, ask, original

from grader.grading import context
from grader.grading.context import build_part_context, get_part_contexts

PART = ask(key="weights(64, 3, 5) + halve(100)")


def test_cached_context_rebuilds_evicted_mutation_indexes():
    (cached,) = get_part_contexts(original(PART), BOOK)
    first, first_pairs = cached.get_mutation_index("all"), cached.mutated_pair_index
    assert cached.get_mutation_index("distinctive") is first
    assert cached.mutated_pair_index is first_pairs
    context.get_mutation_indexes.cache_clear()
    assert cached.get_mutation_index("all") is not first
    assert cached.mutated_pair_index is not first_pairs


def test_uncached_context_keeps_its_indexes_out_of_the_shared_cache():
    single = build_part_context(original(PART), "a", BOOK)
    context.get_mutation_indexes.cache_clear()
    first = single.get_mutation_index("all")
    assert single.get_mutation_index("all") is first
    assert context.get_mutation_indexes.cache_info().currsize == 0


def test_mutation_indexes_do_not_keep_an_evicted_context_alive():
    (cached,) = get_part_contexts(original(PART), BOOK)
    cached.get_mutation_index("all")
    alive = ref(cached)
    del cached
    get_part_contexts.cache_clear()
    gc.collect()
    assert alive() is None
