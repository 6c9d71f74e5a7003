"""Quotes of reports beside the answers that were confirmed from them."""

from uuid import UUID

from api.http.schema import Schema, with_examples


class ReportQuote(Schema):
    """The passage of a report that an answer was confirmed from.

    *text* is the line of the passage. If the assignment is graded anonymously, TAs get the
    submitted text instead, and *location* and *report* are null.
    """

    model_config = with_examples(
        {
            "text": "With stride 2 the output is 63×63×16.",
            "location": "line 12",
            "report": "01933e3a-0000-7000-8000-0000000000c1",
        }
    )

    text: str
    location: str | None
    report: UUID | None
