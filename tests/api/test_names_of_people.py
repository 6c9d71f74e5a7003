"""Tests of names of people: family names and the order of lists."""

import pytest

from api.core.person_names import name_sort_key, split_name


@pytest.mark.parametrize(
    ("name", "family", "pair"),
    [
        ("", "", ("", "")),
        ("Cy", "", ("Cy", "")),
        ("Cy", "Cy", ("Cy", "")),
        ("A B C", "", ("A B", "C")),
        ("A B C", "B C", ("A", "B C")),
        ("A B C", "A", ("B C", "A")),
        ("A B C", "X", ("A B", "C")),
        ("X, Y, Z", "", ("Y, Z", "X")),
        ("Martin King Jr.", "", ("Martin", "King Jr.")),
        ("Sammy Jr.", "", ("Sammy", "Jr.")),
        ("Martin King, Jr.", "", ("Martin", "King, Jr.")),
        ("King, Jr., Martin", "", ("Jr., Martin", "King")),
    ],
)
def test_a_name_is_parted_at_what_is_known_at_its_comma_or_before_its_last_word(name, family, pair):
    assert split_name(name, family) == pair


def test_people_stand_by_family_name_then_given_name_without_case_or_accents():
    listed = [
        ("Suharto", ""),
        ("Zoe Smith", ""),
        ("Al Smith Jones", "Smith Jones"),
        ("Ben Müller", ""),
        ("Ada Lovelace", ""),
        ("chloé muller", ""),
        ("de Souza, Ana", ""),
        ("Ann van Dyk", "van Dyk"),
        ("Jan Łuk", ""),
        ("Đặng, An", ""),
        ("Bo Øst", ""),
    ]
    listed.sort(key=lambda one: name_sort_key(*one))
    assert [name for name, _ in listed] == [
        "Đặng, An",
        "de Souza, Ana",
        "Ada Lovelace",
        "Jan Łuk",
        "Ben Müller",
        "chloé muller",
        "Bo Øst",
        "Zoe Smith",
        "Al Smith Jones",
        "Suharto",
        "Ann van Dyk",
    ]


def test_the_name_of_an_order_is_never_longer_than_its_column():
    assert len(name_sort_key("ﷺ" * 299)) == 300
