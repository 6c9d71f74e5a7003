"""Serialization of the known wrong answers to a part of a variant as JSON data."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from grader.diagnosis.mistakes import (
    AUTHOR_RANK,
    NO_MISTAKES,
    KnownMistakes,
    MistakeCandidate,
    build_candidate,
)
from grader.json_values import from_json, to_json
from grader.registry import Registry

CACHED_SETS: Final = 1024
_share_names: Final = lru_cache(maxsize=CACHED_SETS)(frozenset[str])
"""Returns names as a set that equal names share: a set takes more memory than its names."""


def serialize_known_mistakes(known: KnownMistakes) -> object:
    """Return known wrong answers as JSON data."""
    return {
        "candidates": [_serialize_candidate(candidate) for candidate in known.candidates],
        "hidden": sorted(known.hidden),
    }


def _serialize_candidate(candidate: MistakeCandidate) -> dict[str, object]:
    """Return a wrong answer as JSON data.

    The author's own include their hint and credit, which no registry has.
    """
    payload = {"ids": list(candidate.ids), "value": to_json(candidate.value)}
    if candidate.rank == AUTHOR_RANK:
        payload |= {"say": candidate.hint, "credit": to_json(candidate.credit)}
    return payload


def parse_known_mistakes(payload: Mapping[str, Any], registry: Registry) -> KnownMistakes:
    """Return the known wrong answers that `serialize_known_mistakes` wrote."""
    candidates, hidden = payload["candidates"], payload["hidden"]
    if not candidates and not hidden:
        return NO_MISTAKES
    return KnownMistakes(
        tuple([_parse_candidate(one, registry) for one in candidates]),
        _share_names(tuple(hidden)),
    )


def _parse_candidate(payload: Mapping[str, Any], registry: Registry) -> MistakeCandidate:
    ids, value = tuple(payload["ids"]), from_json(payload["value"])
    if "say" in payload:
        return MistakeCandidate(
            ids, value, AUTHOR_RANK, payload["say"], from_json(payload["credit"])
        )
    return build_candidate(ids, value, registry)
