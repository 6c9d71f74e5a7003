"""Tests of the LRU cache: bounded size, and eviction of the least recently used value."""

from api.core.cache import LruCache


def test_lru_cache_evicts_the_least_recently_used_entry():
    cache: LruCache[str, int] = LruCache(4)
    for at, name in enumerate("abcd"):
        cache.put(name, at)
    assert cache.find("a") == 0
    cache.put("e", 4)
    assert (len(cache), cache.find("a"), cache.find("b"), cache.find("e")) == (4, 0, None, 4)


def test_lru_cache_creates_an_entry_once():
    cache: LruCache[str, list[int]] = LruCache(2)
    made = cache.get_or_create("a", lambda: [1])
    assert cache.get_or_create("a", lambda: [2]) is made
    cache.discard("a")
    assert cache.find("a") is None
