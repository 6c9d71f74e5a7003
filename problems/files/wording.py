"""Comparison of two files of a problem: whether only the wording differs.

Wording is what students read and nothing computes with: titles, the statement, prompts, the text of
the solution, and hints. The values that a text shows belong to the question, so its placeholders
must stay. Examples only test the file, and are left out.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from grader.definitions.problem import hash_fields
from grader.definitions.template import Template
from problems.files.yaml_document import load_document

PROBLEM_TEXTS: Final = frozenset({"title", "statement", "solution"})
PART_TEXTS: Final = frozenset({"title", "prompt"})
HINT_LISTS: Final = frozenset({"mistakes", "accept"})
IGNORED_FIELDS: Final = frozenset({"examples"})


def find_changes_beyond_wording(before: str, after: str) -> tuple[str, ...]:
    r"""Return the fields in which two files differ in more than their wording.

    Both must be valid problem files. A part is named by its id:

    >>> find_changes_beyond_wording("id: a\nparts: [{id: b, key: '1'}]",
    ...                             "id: a\ntitle: New\nparts: [{id: b, key: '2'}]")
    ('parts.b.key',)
    """
    old_fields, new_fields = (
        _mask_texts(load_document(text, file="").data) for text in (before, after)
    )
    return tuple(_find_differences(old_fields, new_fields))


def _mask_texts(document: Any) -> dict[str, Any]:
    """Return the fields of a file by name, each text replaced by its placeholders."""
    fields = {
        name: _list_placeholders(value) if name in PROBLEM_TEXTS else value
        for name, value in document.items()
        if name != "parts" and name not in IGNORED_FIELDS
    }
    for name in PROBLEM_TEXTS:
        fields.setdefault(name, [])
    parts = [_mask_part(part) for part in document["parts"]]
    ids = [part["id"] for part in parts]
    return {**fields, "parts": ids, **_flatten_part_fields(parts)}


def _mask_part(part: Mapping[str, Any]) -> dict[str, Any]:
    masked: dict[str, Any] = {name: [] for name in PART_TEXTS}
    for name, value in part.items():
        if name in PART_TEXTS:
            masked[name] = _list_placeholders(value)
        elif name in HINT_LISTS:
            masked[name] = [
                {**item, "say": _list_placeholders(item.get("say", ""))} for item in value
            ]
        else:
            masked[name] = value
    return masked


def _flatten_part_fields(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        f"parts.{part['id']}.{name}": value
        for part in parts
        for name, value in part.items()
        if name != "id"
    }


def _list_placeholders(text: object) -> list[str]:
    return sorted({placeholder.source for placeholder in Template.parse(str(text)).expressions})


def _find_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the fields that differ; the order inside of them matters."""
    for name in dict.fromkeys((*before, *after)):
        old_hash, new_hash = (
            hash_fields({name: fields[name]}) if name in fields else ""
            for fields in (before, after)
        )
        if old_hash != new_hash:
            yield name
