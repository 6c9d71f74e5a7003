"""Invalid input for each form of the pages, grouped by the purpose of the form."""

from wrong_forms import account, making, marking, people
from wrong_forms.form import WrongForm

__all__ = ["WRONG", "WrongForm"]

WRONG: dict[str, WrongForm] = account.FORMS | making.FORMS | people.FORMS | marking.FORMS
