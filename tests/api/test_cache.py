"""What a cache keeps: no more than so many values, and those that are asked for."""

from api.core.cache import Cache


def test_what_was_asked_for_stays_and_what_was_not_goes():
    cache: Cache[str, int] = Cache(4)
    for at, name in enumerate("abcd"):
        cache.keep(name, at)
    assert cache.find("a") == 0
    cache.keep("e", 4)
    assert (len(cache), cache.find("a"), cache.find("b"), cache.find("e")) == (4, 0, None, 4)


def test_what_is_kept_is_made_once():
    cache: Cache[str, list[int]] = Cache(2)
    made = cache.get("a", lambda: [1])
    assert cache.get("a", lambda: [2]) is made
    cache.drop("a")
    assert cache.find("a") is None
