"""Analytics of an assignment, a problem or a course. For staff.

Test students, staff and who left never count. The database adds up what is asked (`cells`, `units`,
`summed`, `wrong`, `spreads`), and `grader.analysis` makes figures of the sums. Of single answers
only examples are read, and those that look like a search.
"""

from api.services.analytics.course import course_analytics
from api.services.analytics.overview import assignment_analytics
from api.services.analytics.problem import problem_analytics
from api.services.analytics.queries.answers import Which, check_section
from api.services.courses.attention import course_attention

__all__ = [
    "Which",
    "assignment_analytics",
    "check_section",
    "course_analytics",
    "course_attention",
    "problem_analytics",
]
