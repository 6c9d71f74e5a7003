"""Settings of LTI, by which learning platforms such as Moodle and Canvas launch Grader."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class LtiSettings(BaseModel):
    """Operator settings of LTI 1.3; administrators register the platforms on a page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lti: Annotated[
        bool,
        Field(
            description="launches from learning platforms by LTI 1.3, rosters and scores; it needs "
            "https in GRADER_PUBLIC_URL. Administrators register the platforms"
        ),
    ] = False
    lti_scores_per_second: Annotated[
        int,
        Field(
            ge=1,
            le=100,
            description="how many scores a second each learning platform accepts. Grader stays a "
            "little below, and slows down if the platform asks it to wait",
        ),
    ] = 10
