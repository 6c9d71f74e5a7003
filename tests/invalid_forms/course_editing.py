"""Invalid input for the forms for editing courses, assignments and problems."""

from invalid_forms.form import ASSIGNMENT, COURSE, InvalidForm

PROBLEM = f"{ASSIGNMENT}/problems/{{problem}}"

FORMS = {
    "new course": InvalidForm(
        "/courses",
        "Time zone",
        {
            "title": "Vision",
            "slug": "cv",
            "zone": "Middle Earth",
            "categories[0].id": "Homework",
            "categories[0].weight": "half of it",
        },
        invalid_field="zone",
        user="admin",
    ),
    "course categories": InvalidForm(
        f"{COURSE}/settings",
        "Weight",
        {"categories[0].id": "Homework", "categories[0].weight": "half of it"},
        invalid_field="categories[0].weight",
        button="save",
    ),
    "course settings, dry run": InvalidForm(
        f"{COURSE}/settings",
        "Short name",
        {"slug": "Not A Name", "title": "Deep Learning II"},
        invalid_field="slug",
        button="try",
    ),
    "course settings, edit conflict": InvalidForm(
        f"{COURSE}/settings",
        "Somebody changed this since you opened it",
        {"title": "Deeper Learning", "version": "77"},
        button="save",
        status=412,
    ),
    "course copy": InvalidForm(
        f"{COURSE}/settings",
        "Days later",
        {"title": "Copy", "slug": "copy", "shift_days": "a year"},
        action=f"{COURSE}/copy",
        invalid_field="shift_days",
    ),
    "new assignment": InvalidForm(
        f"{COURSE}/assignments/new",
        "Attempts per part",
        {"title": "Ninth", "slug": "hw-9", "attempts": "many"},
        invalid_field="attempts",
    ),
    "assignment timeline": InvalidForm(
        f"{ASSIGNMENT}/edit",
        "is before release",
        {"timeline.release": "2026-12-08T12:00", "timeline.due": "2026-12-01T12:00"},
        invalid_field="timeline.due",
        button="save",
    ),
    "assignment late steps": InvalidForm(
        f"{ASSIGNMENT}/edit",
        "Worth",
        {"timeline.due": "2026-12-08T12:00", "timeline.late[0].credit": "lots"},
        invalid_field="timeline.late[0].credit",
        button="try",
    ),
    "assignment groups": InvalidForm(
        f"{ASSIGNMENT}/edit",
        "Drop the lowest",
        {"groups[0].id": "A", "groups[0].drop_lowest": "one"},
        invalid_field="groups[0].drop_lowest",
        button="save",
    ),
    "assignment settings, edit conflict": InvalidForm(
        f"{ASSIGNMENT}/edit",
        "Somebody changed this since you opened it",
        {"title": "Second title", "version": "77"},
        button="save",
        status=412,
    ),
    "problem order, edit conflict": InvalidForm(
        "/assignments/{two_problem_assignment}/edit",
        "It was changed since you opened this page",
        {"version": "77"},
        button="why-large-kernels",
        status=412,
    ),
    "publication of an empty assignment": InvalidForm(
        "/assignments/{empty_assignment}/edit", "no problem", button="publish", status=409
    ),
    "problem points": InvalidForm(
        f"{PROBLEM}/settings", "Points", {"points": "a few"}, invalid_field="points", button="save"
    ),
    "problem settings, edit conflict": InvalidForm(
        f"{PROBLEM}/settings",
        "Somebody changed this since you opened it",
        {"points": "7", "held": "77"},
        button="save",
        status=412,
    ),
    "notice": InvalidForm(
        f"{PROBLEM}/settings",
        "New notice",
        {"text": ""},
        action=f"{PROBLEM}/notices",
        invalid_field="text",
    ),
    "problem file": InvalidForm(
        f"{COURSE}/problems/check",
        "Line 3",
        {"source": "id: nothing\nparts: [", "note": "The first one."},
        invalid_field="source",
        button="check",
    ),
    "problem file, published": InvalidForm(
        f"{COURSE}/problems/check",
        "Nothing was stored",
        {"source": "id: nothing\ntitle: Nothing\n", "note": "The first one."},
        invalid_field="source",
        button="publish",
    ),
}
