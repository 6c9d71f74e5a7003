"""Descriptions of request parameters by name, for the OpenAPI document."""

from collections.abc import Mapping
from typing import Final

__all__ = ["PARAMETER_DESCRIPTIONS"]

PARAMETER_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "answer": "the id of an answer: one part of a submission",
    "assignment": "the id of the assignment",
    "category": "only assignments of this category",
    "comment": "the id of the comment",
    "course": "the id of the course",
    "dir": "ascending or descending",
    "excuse": "the id of the excuse",
    "extension": "the id of the extension",
    "form": "the form of the file; /courses/{course}/exports lists them",
    "group": "the id of the group of equal answers",
    "idempotency-key": "any text of your own: the same key is the same submission",
    "item": "the id of the rubric item",
    "notice": "the id of the notice",
    "override": "the id of the override",
    "part": "the id of the part, as the problem names it",
    "position": "the place of a variant in the list of the version, -1 for the original",
    "problem": "the name of the problem in the assignment",
    "problem_version": "the id of a version of the problem",
    "regrade": "the id of the regrade",
    "request": "the id of the request for a regrade",
    "role": "only people with this role",
    "section": "the id of the section",
    "seed": "the seed of a variant",
    "session_id": "the id of the session",
    "space": "only problems of the bank, or only the course's own",
    "state": "only what is in this state",
    "status": "only versions of this status",
    "student": "only what concerns this student",
    "style": "whether numbers have a decimal point or a decimal comma",
    "submission": "the id of the submission",
    "target_id": "only what was done to the thing of this id",
    "token": "the id of the token",
    "topic": "only problems of this topic",
    "user": "the id of the person",
}
