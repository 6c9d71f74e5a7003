"""Verdicts as data frames: one row for each, with the outcome as text or in columns."""

import json
from fractions import Fraction
from typing import Final

import numpy as np
import polars as pl

from api.services.batch.formats.blocks import Ints
from api.services.batch.interning import TextCodes
from api.services.batch.verdicts import QuestionOutcome, Verdicts

OUTCOME_SCHEMA: Final = {
    name: pl.Boolean if name == "costs" else pl.String for name in QuestionOutcome._fields
}


def verdicts_to_frame(verdicts: Verdicts) -> pl.DataFrame:
    """Return verdicts as a data frame, with outcomes as JSON text."""
    outcomes = pl.Series("outcome", verdicts.outcomes, pl.String)
    return pl.DataFrame(
        [
            outcomes.gather(np.array(verdicts.outcome_indices, np.int64)),
            pl.Series("read_as", verdicts.read_as, pl.String),
            pl.Series("carries", verdicts.carries, pl.String),
        ]
    )


def expand_outcomes(verdicts: pl.DataFrame) -> pl.DataFrame:
    """Expand the outcomes of verdicts into columns."""
    codes = TextCodes()
    outcome_indices = codes.encode(verdicts.get_column("outcome"))
    rows = list(map(json.loads, codes.texts))
    outcomes = pl.DataFrame(rows, schema=OUTCOME_SCHEMA, orient="row")
    return outcomes[outcome_indices].with_columns(verdicts.get_column("read_as"))


def rank_attempts(verdicts: pl.DataFrame) -> Ints:
    """Return the rank of an attempt by its verdict: readable ones rank above all others.

    Credit that waits for a TA counts as 0. The rank is -1 if there is no result.
    """
    exact = verdicts.get_column("exact").to_list()
    credits_ = {text: Fraction(text or 0) for text in set(exact)}
    order = {credit: index for index, credit in enumerate(sorted(set(credits_.values())))}
    ranks = {text: order[credit] for text, credit in credits_.items()}
    worth = np.array([ranks[text] for text in exact], np.int64)
    worth += len(order) * verdicts.get_column("costs").to_numpy().astype(np.int64)
    return np.where(verdicts.get_column("error").to_numpy() != "", -1, worth)
