"""Invalid input for the forms for marking, points set by hand and regrades."""

from wrong_forms.form import ASSIGNMENT, COURSE, WrongForm

PART = f"{ASSIGNMENT}/review/{{problem}}/{{part}}"
STORY = f"{COURSE}/students/{{user}}"
REGRADES = "{tried}/regrades"

FORMS = {
    "points by hand": WrongForm(
        f"{COURSE}/students/{{classmate}}?open={{slug}}",
        "Points",
        {"points": "some", "reason": "By hand"},
        to=f"{ASSIGNMENT}/overrides",
        wrong="points",
    ),
    "too many points by hand": WrongForm(
        f"{COURSE}/students/{{classmate}}?open={{slug}}",
        "unless you allow more than the maximum",
        {"points": "9000", "reason": "By hand"},
        to=f"{ASSIGNMENT}/overrides",
        wrong="points",
    ),
    "late days given back": WrongForm(
        f"{STORY}?open={{slug}}",
        "Days",
        {"days": "0", "reason": "Ill"},
        to=f"{STORY}/late-days/refund",
        wrong="days",
    ),
    "mark": WrongForm(
        "/answers/{answer}/review",
        "Credit",
        {"credit": "lots", "comment": "Well put."},
        to="/answers/{answer}/mark",
        wrong="credit",
        who="grader",
        button="stay",
    ),
    "mark that somebody else gave": WrongForm(
        "/answers/{answer}/review",
        "Another TA graded this answer after you opened it",
        {"credit": "50%", "version": "77"},
        to="/answers/{answer}/mark",
        who="grader",
        button="stay",
        status=412,
    ),
    "comment": WrongForm(
        "/answers/{answer}/review",
        "New comment",
        {"text": ""},
        to="/answers/{answer}/comments",
        wrong="text",
        who="grader",
    ),
    "mark of a group": WrongForm(
        f"{PART}/groups",
        "Adjustment",
        {"adjustment": "some", "comment": "Well put."},
        to=f"{PART}/groups/{{group}}/mark",
        wrong="adjustment",
        who="grader",
    ),
    "new item of a rubric": WrongForm(
        f"{PART}/rubric",
        "Points",
        {"label": "clear", "points": "some"},
        wrong="points",
        who="grader",
    ),
    "item of a rubric": WrongForm(
        f"{PART}/rubric",
        "Name",
        {"label": "", "points": "1"},
        to=f"{PART}/rubric/{{item}}",
        wrong="label",
        who="grader",
        button="save",
    ),
    "item that somebody else changed": WrongForm(
        f"{PART}/rubric",
        "Somebody changed this item since you opened it",
        {"label": "fewer of them", "version": "77"},
        to=f"{PART}/rubric/{{item}}",
        who="grader",
        button="save",
        status=412,
    ),
    "value to accept": WrongForm(
        f"{REGRADES}?do=accept",
        "Its value",
        {"version.accept.key": "K +", "version.accept.reason": "So it is"},
        to=REGRADES,
        wrong="version.accept.key",
    ),
    "mistake to name": WrongForm(
        f"{REGRADES}?do=mistake",
        "Name of the mistake",
        {"version.mistake.key": "2*K", "version.mistake.id": "Not A Name"},
        to=REGRADES,
        wrong="version.mistake.id",
    ),
    "another key": WrongForm(
        f"{REGRADES}?do=parts",
        "Points",
        {"version.parts.points": "some", "reason": "Told in class"},
        to=REGRADES,
        wrong="version.parts.points",
    ),
    "no other version": WrongForm(
        f"{REGRADES}?do=id", "version", {"reason": "Told in class"}, to=REGRADES
    ),
    "excuse of somebody excused": WrongForm(
        f"{STORY}?open={{slug}}",
        "excused",
        {"reason": "Ill"},
        to=f"{ASSIGNMENT}/excuses",
        status=409,
    ),
    "regrade for nobody": WrongForm(
        f"{REGRADES}?do=parts",
        "These students",
        {"version.parts.points": "3", "reach": "students", "students": "Nemo"},
        to=REGRADES,
        wrong="students",
    ),
    "answer to a request": WrongForm(
        f"{ASSIGNMENT}/requests",
        "Reply",
        {"reply": "", "credit": "50%"},
        to="/requests/{request}/answer",
        wrong="reply",
        who="grader",
        button="declined",
    ),
    "credit of a request": WrongForm(
        f"{ASSIGNMENT}/requests",
        "New credit",
        {"reply": "You are right.", "credit": "lots"},
        to="/requests/{request}/answer",
        wrong="credit",
        who="grader",
        button="accepted",
    ),
}
