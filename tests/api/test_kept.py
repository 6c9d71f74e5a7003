"""What is kept in memory: no more than so many values, and those that are asked for."""

from api.kept import Kept


def test_what_was_asked_for_stays_and_what_was_not_goes():
    kept: Kept[str, int] = Kept(4)
    for at, name in enumerate("abcd"):
        kept.keep(name, at)
    assert kept.find("a") == 0
    kept.keep("e", 4)
    assert (len(kept), kept.find("a"), kept.find("b"), kept.find("e")) == (4, 0, None, 4)


def test_what_is_kept_is_made_once():
    kept: Kept[str, list[int]] = Kept(2)
    made = kept.get("a", lambda: [1])
    assert kept.get("a", lambda: [2]) is made
    kept.drop("a")
    assert kept.find("a") is None
