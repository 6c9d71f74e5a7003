"""Invalid input for the forms that make courses, assignments and problems."""

from wrong_forms.form import ASSIGNMENT, COURSE, WrongForm

POSED = f"{ASSIGNMENT}/problems/{{problem}}"

FORMS = {
    "new course": WrongForm(
        "/courses",
        "Time zone",
        {
            "title": "Vision",
            "slug": "cv",
            "zone": "Middle Earth",
            "categories[0].id": "Homework",
            "categories[0].weight": "half of it",
        },
        wrong="zone",
        who="admin",
    ),
    "categories of a course": WrongForm(
        f"{COURSE}/settings",
        "Weight",
        {"categories[0].id": "Homework", "categories[0].weight": "half of it"},
        wrong="categories[0].weight",
        button="save",
    ),
    "settings of a course, tried": WrongForm(
        f"{COURSE}/settings",
        "Short name",
        {"slug": "Not A Name", "title": "Deep Learning II"},
        wrong="slug",
        button="try",
    ),
    "settings that somebody else changed": WrongForm(
        f"{COURSE}/settings",
        "Somebody changed this since you opened it",
        {"title": "Deeper Learning", "version": "77"},
        button="save",
        status=412,
    ),
    "copy of a course": WrongForm(
        f"{COURSE}/settings",
        "Days later",
        {"title": "Copy", "slug": "copy", "shift_days": "a year"},
        to=f"{COURSE}/copy",
        wrong="shift_days",
    ),
    "new assignment": WrongForm(
        f"{COURSE}/assignments/new",
        "Attempts per part",
        {"title": "Ninth", "slug": "hw-9", "attempts": "many"},
        wrong="attempts",
    ),
    "times of an assignment": WrongForm(
        f"{ASSIGNMENT}/edit",
        "is before release",
        {"timeline.release": "2026-12-08T12:00", "timeline.due": "2026-12-01T12:00"},
        wrong="timeline.due",
        button="save",
    ),
    "late steps of an assignment": WrongForm(
        f"{ASSIGNMENT}/edit",
        "Worth",
        {"timeline.due": "2026-12-08T12:00", "timeline.late[0].credit": "lots"},
        wrong="timeline.late[0].credit",
        button="try",
    ),
    "groups of an assignment": WrongForm(
        f"{ASSIGNMENT}/edit",
        "Drop the lowest",
        {"groups[0].id": "A", "groups[0].drop_lowest": "one"},
        wrong="groups[0].drop_lowest",
        button="save",
    ),
    "an assignment that somebody else changed": WrongForm(
        f"{ASSIGNMENT}/edit",
        "Somebody changed this since you opened it",
        {"title": "Second title", "version": "77"},
        button="save",
        status=412,
    ),
    "order that somebody else changed": WrongForm(
        "/assignments/{two}/edit",
        "It was changed since you opened this page",
        {"version": "77"},
        button="why-large-kernels",
        status=412,
    ),
    "publication of nothing": WrongForm(
        "/assignments/{empty}/edit", "no problem", button="publish", status=409
    ),
    "points of a problem": WrongForm(
        f"{POSED}/settings", "Points", {"points": "a few"}, wrong="points", button="save"
    ),
    "a problem that somebody else changed": WrongForm(
        f"{POSED}/settings",
        "Somebody changed this since you opened it",
        {"points": "7", "held": "77"},
        button="save",
        status=412,
    ),
    "notice": WrongForm(
        f"{POSED}/settings", "New notice", {"text": ""}, to=f"{POSED}/notices", wrong="text"
    ),
    "problem's file": WrongForm(
        f"{COURSE}/problems/check",
        "Line 3",
        {"source": "id: nothing\nparts: [", "note": "The first one."},
        wrong="source",
        button="check",
    ),
    "problem's file, published": WrongForm(
        f"{COURSE}/problems/check",
        "Nothing was stored",
        {"source": "id: nothing\ntitle: Nothing\n", "note": "The first one."},
        wrong="source",
        button="publish",
    ),
}
