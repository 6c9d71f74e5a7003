"""Analytics of an assignment, a problem or a course. For staff.

Test students, staff and students who left never count. The database computes the sums (`cells`,
`units`, `item_statistics`, `wrong_answers`, `distributions`), and `grader.analysis` turns them into
statistics. Single answers are read only as examples and for guess detection.
"""

from api.services.analytics.course import compute_course_analytics
from api.services.analytics.overview import compute_assignment_analytics
from api.services.analytics.problem import compute_problem_analytics
from api.services.analytics.queries.answer_filters import MeasuredAttempt
from api.services.courses.attention import load_course_attention

__all__ = [
    "MeasuredAttempt",
    "compute_assignment_analytics",
    "compute_course_analytics",
    "compute_problem_analytics",
    "load_course_attention",
]
