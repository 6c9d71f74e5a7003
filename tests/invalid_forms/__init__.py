"""Invalid input for each form of the pages, grouped by the purpose of the form."""

from invalid_forms import account, course_editing, grading, people
from invalid_forms.form import InvalidForm

__all__ = ["INVALID_FORMS", "InvalidForm"]

INVALID_FORMS: dict[str, InvalidForm] = (
    account.FORMS | course_editing.FORMS | people.FORMS | grading.FORMS
)
