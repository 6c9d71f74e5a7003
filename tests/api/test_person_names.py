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
def test_names_split_at_known_family_name_comma_or_last_word(name, family, pair):
    assert split_name(name, family) == pair


def test_people_sort_by_family_then_given_name_ignoring_case_and_accents():
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


def test_sort_key_never_exceeds_column_length():
    assert len(name_sort_key("ﷺ" * 299)) == 300
