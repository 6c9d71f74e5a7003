"""What somebody may get wrong in each form of the pages, by what the form is for."""

from wrong_forms import account, making, marking, people
from wrong_forms.form import WrongForm

__all__ = ["WRONG", "WrongForm"]

WRONG: dict[str, WrongForm] = account.FORMS | making.FORMS | people.FORMS | marking.FORMS
