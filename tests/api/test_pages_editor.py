"""Tests of the assignment editor: settings, the timeline drawing and publication."""

import pytest
from pages import form_fields
from staff_course import StaffCourse, settings_form
from world import OTHER_PROBLEM, TEXT_PROBLEM

from api.pages.layout.flash import NO_GRADE_CHANGED
from api.pages.staff.assignments.assignment_form import LABELS
from api.pages.staff.assignments.editor_messages import HIDDEN_MESSAGE, HIDDEN_UNTIL

TIMES = {
    "release": "2026-11-01 08:00",
    "due": "2026-11-10 23:59",
    "late": [{"days": 1, "credit": "90%"}, {"days": 3, "credit": "1/2"}],
    "late_days": 1,
}


@pytest.fixture
def scene(world):
    return StaffCourse(world, timeline_spec=TIMES)


def test_saving_unchanged_editor_changes_nothing(scene):
    before = scene.staff.get(scene.path).json()
    found = scene.editor()
    assert found.one("input", name="timeline.due")["value"] == "2026-11-10T23:59"
    assert found.one("input", name="timeline.late[1].credit")["value"] == "50%"
    done = scene.browser.send(settings_form(found), "act=save")
    assert done.status == 303
    assert NO_GRADE_CHANGED in scene.browser.get(done.location).text
    assert scene.staff.get(scene.path).json() == before


def test_button_keeps_untouched_settings_at_full_precision(scene):
    fine = {"release": "2026-11-01 08:00:30.5", "due": "2026-11-10 23:59:59.999999"}
    late = [{"until": "2026-11-12 12:00:00.000001", "credit": "2/3"}]
    body = {"instructions": "Show the way.\n", "timeline": fine | {"late": late}}
    tag = scene.staff.get(scene.path).headers["ETag"]
    assert scene.staff.patch(scene.path, body, headers={"If-Match": tag}).status_code == 200
    before = scene.staff.get(scene.path).json()
    assert scene.press(scene.editor(), "Unpublish").status == 303
    after = scene.staff.get(scene.path).json()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"published_at", "version"}
    assert after["version"] == before["version"] + 1


def test_editor_saves_typed_settings(scene):
    typed = {
        "title": "Kernels",
        "attempts": "4",
        "by_attempt": "100%, 1/2",
        "timeline.late[0].credit": "80%",
        "timeline.late[1].credit": "",
        "timeline.late[1].days": "",
        "timeline.close.days": "9",
        "groups[0].id": "A",
        "groups[0].drop_lowest": "1",
        "anonymous": "on",
        "regrade_days": "7",
    }
    assert scene.browser.send(settings_form(scene.editor()), "act=save", **typed).status == 303
    told = scene.staff.get(scene.path).json()
    assert (told["title"], told["attempts"], told["by_attempt"]) == ("Kernels", 4, [1, 0.5])
    assert settings_form(scene.editor()).one("input", name="by_attempt")["value"] == "100%, 50%"
    assert [one["credit"] for one in told["timeline"]["late"]] == ["80%"]
    assert told["timeline"]["close"] == {"days": 9, "hours": None}
    assert told["groups"] == [{"id": "A", "drop_lowest": 1}]
    assert (told["anonymous"], told["regrade_days"], told["extra"]) == (True, 7, False)


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"attempts": "many"}, "attempts", "must be a whole number"),
        ({"attempts": "9" * 40}, "attempts", "must be a whole number"),
        ({"attempts": "²"}, "attempts", "must be a whole number"),
        ({"timeline.due": "tomorrow"}, "timeline.due", "is not a valid date and time"),
        ({"timeline.late[0].credit": "120%"}, "timeline.late[0].credit", "between 0 and 1"),
        ({"by_attempt": "50%, 90%"}, "by_attempt", "must not be more than"),
        (
            {"timeline.close": "2026-12-01T12:00", "timeline.close.days": "3"},
            "timeline.close",
            "is given twice",
        ),
        ({"results": "after_close", "timeline.due": ""}, "timeline", "which is missing"),
        ({"title": ""}, "title", "must not be empty"),
        ({"slug": "Not A Slug"}, "slug", "lower-case"),
    ],
)
def test_invalid_field_is_reported_in_place_and_input_is_kept(scene, typed, field, said):
    before = scene.staff.get(scene.path).json()
    found = scene.browser.send(
        settings_form(scene.editor()), "act=save", **{"cool_down_seconds": "7"} | typed
    )
    assert found.status == 422
    assert said in found.text
    assert found.one(id="error").all("a", href=f"#{field}"), found.one(id="error").text
    for name, value in typed.items():
        control = settings_form(found).one(name=name)
        assert control.get("value") == value or control.tag == "select"
    assert found.one("input", name="cool_down_seconds")["value"] == "7"
    assert scene.staff.get(scene.path).json() == before


def test_invalid_list_values_are_reported_once_with_examples(scene):
    typed = {"by_attempt": "100, 80, 60"}
    found = scene.browser.send(settings_form(scene.editor()), "act=save", **typed)
    told = found.one(id="error").text
    assert "1 field needs another look" in told
    assert told.count("from 0 to 1, such as 90%, 9/10 or 0.9") == 1


def test_error_summary_uses_form_labels(scene):
    form = scene.editor().one("form", id="settings")
    named = {one["for"]: one.text for one in form.all("label") if one.get("for") in LABELS}
    assert named.pop("timeline.close") == "At"  # below the legend Close
    assert len(named) >= 10
    assert named == {name: LABELS[name] for name in named}


def test_invalid_field_references_its_error_for_screen_readers(scene):
    found = scene.browser.send(settings_form(scene.editor()), "act=save", attempts="many")
    control = found.one("input", name="attempts")
    assert control["aria-invalid"] == "true"
    assert "attempts-wrong" in control["aria-describedby"].split()
    assert "must be a whole number" in found.one(id="attempts-wrong").text


def test_dry_run_reports_grade_changes_and_saves_nothing(scene):
    scene.student.submit(scene.assigned, {"cells": "9"})
    before = scene.staff.get(scene.path).json()
    typed = {"by_attempt": "50%", "timeline.due": "2026-11-09T12:00"}
    found = scene.browser.send(settings_form(scene.editor()), "act=try", **typed)
    assert found.status == 200
    assert "1 grade of 1 student would change: 0 up, 1 down" in found.one(has="note").text
    assert "Mon 9 Nov 2026, 12:00" in found.one("ol", has="tl-list").text
    assert scene.staff.get(scene.path).json() == before
    saved = scene.browser.send(settings_form(found), "act=save")
    assert "1 grade changed: 0 up, 1 down" in scene.browser.get(saved.location).text


def test_conflicting_edit_shows_differences_and_keeps_input(scene):
    mine = scene.editor()
    scene.browser.send(settings_form(scene.editor()), "act=save", title="Theirs", attempts="2")
    found = scene.browser.send(settings_form(mine), "act=save", title="Mine")
    assert found.status == 412
    rows = found.one(role="alert").one("table").rows()
    assert ["Title", "Theirs", "Mine"] in rows
    assert ["Attempts per part", "2", "nothing"] in rows
    assert found.one("input", name="title")["value"] == "Mine"
    assert scene.browser.send(settings_form(found), "act=save").status == 303
    assert scene.staff.get(scene.path).json()["title"] == "Mine"


def test_validation_error_does_not_hide_edit_conflict(scene):
    mine = scene.editor()
    scene.browser.send(settings_form(scene.editor()), "act=save", title="Theirs")
    wrong = scene.browser.send(settings_form(mine), "act=save", attempts="many")
    assert scene.browser.send(settings_form(wrong), "act=save", attempts="3").status == 412


def test_new_assignment_saves_times_and_redirects_to_problem_choice(scene):
    found = scene.browser.get(f"/courses/{scene.course}/assignments/new")
    made = scene.browser.send(
        found.one("form", method="post", action=f"/courses/{scene.course}/assignments/new"),
        title="Second",
        slug="second",
        **{"timeline.due": "2026-12-01T12:00", "timeline.late[0].credit": "50%"}
        | {"timeline.late[0].hours": "12"},
    )
    assert made.status == 303
    told = scene.staff.get(f"/assignments/{made.location.rpartition('to=')[2][:36]}").json()
    assert told["timeline"]["due"] == "2026-12-01 12:00"
    assert told["timeline"]["late"][0]["hours"] == 12
    bank = scene.browser.follow(made)
    assert "Assignment created. Choose its problems." in bank.text
    assert "Choose problems for Second, which has 0 problems." in bank.text


def test_duplicate_slug_keeps_new_assignment_input(scene):
    taken = scene.staff.get(scene.path).json()["slug"]
    page = scene.browser.get(f"/courses/{scene.course}/assignments/new")
    action = f"/courses/{scene.course}/assignments/new"
    found = scene.browser.send(page.one("form", action=action), title="Second", slug=taken)
    assert found.status == 409
    assert found.one("input", name="title")["value"] == "Second"


def published(scene, **typed):
    """Press "Publish" with *typed* in the settings form, and return the response."""
    fields = form_fields(settings_form(scene.editor())) | {"act": "publish"} | typed
    return scene.browser.post(f"{scene.path}/edit", fields)


def test_publishing_saves_typed_settings(scene):
    scene.staff.post(f"{scene.path}/unpublish")
    assert published(scene, title="Homework one").status == 303
    told = scene.staff.get(scene.path).json()
    assert (told["title"], told["published_at"] is None) == ("Homework one", False)


def test_invalid_setting_prevents_publishing(scene):
    scene.staff.post(f"{scene.path}/unpublish")
    found = published(scene, title="")
    assert (found.status, scene.staff.get(scene.path).json()["published_at"]) == (422, None)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "can see it now and submit at any time: it has no due time."),
        ({"timeline.due": "2026-11-10T23:59"}, "can see it now and submit until Tue 10 Nov 2026"),
        ({"timeline.release": "2026-11-09T08:00"}, "can see it from Mon 9 Nov 2026"),
        ({"timeline.due": "2026-10-10T23:59"}, "can see it, but cannot submit: it closed Sat 10"),
    ],
)
def test_publishing_reports_visibility_and_missing_passwords(world, typed, said):
    scene = StaffCourse(world)
    scene.staff.post(f"{scene.path}/unpublish")
    note = scene.browser.follow(published(scene, **typed)).one(has="note-good").text
    assert f"Published. 1 student {said}" in note
    assert note.endswith(" 1 of them has no password yet: send the invitations.")


ALONG = (
    *("Unpublish", "Show results now", "Show solutions now"),
    *("up=why-large-kernels", "Choose problems"),
)


@pytest.mark.parametrize("button", ALONG)
def test_every_editor_button_saves_typed_settings(world, button):
    scene = StaffCourse(world, TEXT_PROBLEM, OTHER_PROBLEM)
    scene.press(scene.editor(), button, title="Homework one", results="manual")
    told = scene.staff.get(scene.path).json()
    assert (told["title"], told["results"]) == ("Homework one", "manual")


def test_moving_a_problem_reports_saved_settings(world):
    scene = StaffCourse(world, TEXT_PROBLEM, OTHER_PROBLEM)
    up, down = (f"{way}=why-large-kernels" for way in ("up", "down"))
    moved = scene.browser.follow(scene.press(scene.editor(), up, title="Homework one"))
    assert moved.one(has="note-good").text == NO_GRADE_CHANGED
    again = scene.browser.follow(scene.press(moved, down))
    assert not again.all(has="note-good")


@pytest.mark.parametrize("button", ALONG)
def test_invalid_setting_blocks_every_button_and_keeps_input(world, button):
    scene = StaffCourse(world, TEXT_PROBLEM, OTHER_PROBLEM)
    before = scene.staff.get(scene.path).json()
    refused = scene.press(scene.editor(), button, title="Homework one", attempts="many")
    assert refused.status == 422
    assert refused.one("input", name="title")["value"] == "Homework one"
    assert scene.staff.get(scene.path).json() == before


def test_editor_button_does_not_overwrite_concurrent_edit(scene):
    mine = scene.editor()
    scene.browser.send(settings_form(scene.editor()), "act=save", attempts="2")
    refused = scene.press(mine, "Show results now", title="Mine")
    assert (refused.status, refused.one("input", name="title")["value"]) == (412, "Mine")
    assert scene.staff.get(scene.path).json()["results_released_at"] is None


def test_editor_saves_nothing_while_viewing_as_student(scene):
    mine = scene.editor()
    scene.browser.post("/view-as", {"student": str(scene.student.id)})
    refused = scene.press(mine, "Choose problems", title="Typed")
    assert (refused.status, "You are viewing as a student" in refused.text) == (403, True)


def test_publish_message_is_omitted_for_unpublished_assignment(scene):
    scene.staff.post(f"{scene.path}/unpublish")
    assert "Published. 1" not in scene.browser.get(f"{scene.path}/edit?saved=published").text


def test_assignment_cannot_be_unpublished_after_submissions(scene):
    seen = scene.editor()
    assert scene.press(seen, "Unpublish").status == 303
    assert "Draft. Students cannot see it." in scene.editor().text
    published(scene)
    scene.student.submit(scene.assigned, {"cells": "9"})
    refused = scene.press(seen, "Unpublish")
    assert refused.status == 409
    assert "cannot be unpublished" in refused.text


def release_results(scene, *, confirm=True):
    """Press the button that shows results, and confirm; return the last response."""
    reply = scene.press(scene.editor(), "show_results=now")
    form = {one["action"]: one for one in reply.all("form")}.get(f"{scene.path}/release")
    return scene.browser.send(form, "show_results=now") if confirm and form else reply


def set_results(scene, rule, **settings):
    """Change the rule by which results are shown."""
    return scene.browser.send(settings_form(scene.editor()), "act=save", results=rule, **settings)


@pytest.mark.parametrize(
    ("rule", "settings", "asks"),
    [
        ("manual", {}, True),
        ("after_due", {}, True),
        ("manual", {"attempts": "1"}, False),
        ("manual", {"timeline.due": "2026-10-10T23:59"}, False),
        ("at_once", {}, False),
    ],
)
def test_releasing_results_asks_while_students_can_try_again(world, rule, settings, asks):
    scene = StaffCourse(world)
    set_results(scene, rule, **{"timeline.due": "2026-11-30T23:59"} | settings)
    reply = release_results(scene, confirm=False)
    assert (reply.status == 200) is asks
    assert bool(scene.staff.get(scene.path).json()["results_released_at"]) is not asks
    if asks:
        assert reply.one(role="alert").one("a")["href"] == f"{scene.path}/edit"
        release_results(scene)
        assert scene.staff.get(scene.path).json()["results_released_at"]


def test_releasing_results_asks_for_students_with_more_time(world):
    scene = StaffCourse(world)
    set_results(scene, "after_due", **{"timeline.due": "2026-10-10T23:59"})
    grants = {"due": "2026-12-01 12:00", "reason": "ill"}
    extension = {"student": str(scene.student.id), "grants": grants}
    assert scene.staff.post(f"{scene.home}/extensions", extension).status_code == 201
    assert release_results(scene, confirm=False).one(role="alert")


def test_results_are_released_now_and_hidden_again(scene):
    scene.student.submit(scene.assigned, {"why": "Fewer."})
    set_results(scene, "manual")
    told = scene.browser.follow(release_results(scene)).one(has="note-good")
    assert told.text.startswith("Students see their results now. 1 answer to part why")
    assert scene.staff.get(scene.path).json()["results_released_at"]
    done = scene.press(scene.editor(), "Hide results")
    told = HIDDEN_MESSAGE.format(what="Results", until=HIDDEN_UNTIL["manual"])
    assert told in scene.browser.follow(done).text
    assert scene.staff.get(scene.path).json()["results_released_at"] is None


@pytest.mark.parametrize(
    ("rule", "label"),
    [
        ("at_once", "Undo"),
        ("after_due", f"Hide results{HIDDEN_UNTIL['after_due']}"),
        ("after_close", f"Hide results{HIDDEN_UNTIL['after_close']}"),
        ("manual", "Hide results"),
    ],
)
def test_button_says_what_becomes_of_released_results(scene, rule, label):
    release_results(scene)
    set_results(scene, rule)
    button = scene.editor().one("button", name="show_results")
    assert button["value"] == "rule"
    assert button.text.startswith(label) if rule == "at_once" else button.text == label


def test_releasing_solutions_still_waits_for_students_with_time_left(scene):
    done = scene.browser.post(f"{scene.path}/release", {"show_solutions": "now"})
    page = scene.browser.follow(done)
    assert "each as soon as their time to answer is over." in page.one(has="note-good").text
    assert "to each student whose time to answer is over." in page.one(id="release").text


@pytest.mark.parametrize("release", [None, "2026-11-09T08:00"])
def test_release_message_does_not_say_now_for_hidden_assignment(world, release):
    scene = StaffCourse(world)
    scene.staff.post(f"{scene.path}/unpublish")
    if release:
        published(scene, **{"timeline.release": release})
    for what in ("results", "solutions"):
        done = scene.browser.post(f"{scene.path}/release", {f"show_{what}": "now"})
        told = scene.browser.follow(done).one(has="note-good").text
        assert "they see the assignment" in told
        assert " now" not in told


def test_publishing_without_problems_is_refused_but_saves_settings(scene):
    action = f"/courses/{scene.course}/assignments/new"
    form = scene.browser.get(action).one("form", action=action)
    made = scene.browser.send(form, title="Empty", slug="empty")
    [path] = {
        one["href"].partition("#")[0] for one in scene.browser.follow(made).all("a", text="Empty")
    }
    fields = form_fields(settings_form(scene.browser.get(path)))
    refused = scene.browser.post(path, fields | {"act": "publish", "title": "Still empty"})
    assert refused.status == 409
    assert refused.one(has="note-good").text == "Saved."
    assert refused.one("input", name="title")["value"] == "Still empty"


def test_deleting_assignment_with_submissions_needs_confirmation(scene):
    scene.student.submit(scene.assigned, {"cells": "9"})
    asked = scene.press(scene.editor(), "Delete assignment")
    assert "Students have submitted work." in asked.text
    assert scene.staff.get(scene.path).status_code == 200
    done = scene.press(asked, "Delete anyway")
    assert done.location.startswith(scene.home)
    assert scene.staff.get(scene.path).status_code == 404


def test_deleted_assignment_can_be_restored_with_submissions(scene):
    scene.student.submit(scene.assigned, {"cells": "9"})
    asked = scene.press(scene.editor(), "Delete assignment")
    told = scene.browser.follow(scene.press(asked, "Delete anyway"))
    assert "The assignment was deleted." in told.text
    assert scene.student.get(scene.assigned.path).status_code == 404
    [undo] = [one for one in told.all("form") if one.get("action").endswith("/restore")]
    back = scene.browser.follow(scene.browser.send(undo))
    assert "Assignment restored." in back.text
    assert scene.student.get(scene.assigned.path).json()["standing"]["score"] == 2


def test_deleting_assignment_without_submissions_needs_confirmation(scene):
    asked = scene.press(scene.editor(), "Delete assignment")
    assert "Nobody has submitted anything." in asked.text
    assert scene.staff.get(scene.path).status_code == 200


def test_deleted_assignment_cannot_be_restored_over_reused_slug(scene):
    slug = scene.staff.get(scene.path).json()["slug"]
    assert scene.press(scene.press(scene.editor(), "Delete assignment"), "Delete").status == 303
    made = scene.staff.post(f"{scene.home}/assignments", {"slug": slug, "title": "New"})
    assert made.status_code == 201
    assert scene.staff.post(f"{scene.path}/restore").status_code == 409


def test_canceling_deletion_keeps_typed_settings(scene):
    scene.student.submit(scene.assigned, {"cells": "9"})
    asked = scene.press(scene.editor(), "Delete assignment", title="Homework one")
    kept = scene.press(asked, "Cancel")
    assert [one.one("input", name="title")["value"] for one in (asked, kept)] == [
        "Homework one",
        "Homework one",
    ]
    assert not kept.all(id="error")
    assert scene.staff.get(scene.path).json()["title"] == "Homework 1"


@pytest.mark.parametrize("button", ["Choose problems", "Show solutions now"])
def test_editor_button_reports_grade_changes_of_saved_settings(scene, button):
    scene.student.submit(scene.assigned, {"cells": "9"})
    done = scene.press(scene.editor(), button, by_attempt="50%")
    told = scene.browser.follow(done).one(has="note-good").text
    assert "Saved. 1 grade changed: 0 up, 1 down." in told
    again = scene.browser.follow(scene.press(scene.editor(), "Choose problems"))
    assert not again.all(has="note-good")


def test_assignment_without_times_has_no_timeline_drawing(world):
    found = StaffCourse(world).editor()
    assert found.all("svg", has="tl") == []


def test_slug_is_derived_from_title_and_numbered_if_taken(scene):
    action = f"/courses/{scene.course}/assignments/new"
    for title, slug in (("Übung 2: Pooling", "ubung-2-pooling"), ("übung 2 – pooling", None)):
        form = scene.browser.get(action).one("form", action=action)
        made = scene.browser.send(form, title=title, slug="")
        assert made.status == 303
        told = scene.staff.get(f"/assignments/{made.location.rpartition('to=')[2][:36]}").json()
        assert told["slug"] == (slug or "ubung-2-pooling-2")
    before = scene.staff.get(scene.path).json()["slug"]
    typed = scene.browser.send(settings_form(scene.editor()), "act=save", slug="", title="Kernels")
    assert typed.status == 303
    assert scene.staff.get(scene.path).json()["slug"] == before


def test_advanced_settings_are_collapsed_unless_invalid(scene):
    form = settings_form(scene.editor())
    more = form.one("details", id="more")
    hidden = {one.get("name") for one in (*more.all("input"), *more.all("select"))}
    asked = {one["name"] for one in form.all("input") if one.get("type") != "hidden"} - hidden
    assert asked == {"title", "timeline.release", "timeline.due", "points.why-small-kernels"}
    assert "open" not in more.attributes
    wrong = scene.browser.send(form, "act=save", attempts="many")
    assert "open" in settings_form(wrong).one("details", id="more").attributes
    late = scene.browser.send(form, "act=save", **{"timeline.due": "2026-10-01T12:00"})
    assert late.status == 422
    assert "open" not in settings_form(late).one("details", id="more").attributes


def test_points_of_all_problems_are_edited_together_with_dry_run(world):
    scene = StaffCourse(world, TEXT_PROBLEM, OTHER_PROBLEM)
    scene.student.submit(scene.assigned, {"cells": "9"})
    typed = {"points.why-small-kernels": "7.5", "points.why-large-kernels": "4"}
    tried = scene.browser.send(settings_form(scene.editor()), "act=try", **typed)
    assert "1 grade of 1 student would change" in tried.text
    assert settings_form(tried).one("input", name="points.why-small-kernels")["value"] == "7.5"
    before = [one["points"] for one in scene.staff.get(scene.path).json()["problems"]]
    done = scene.browser.send(settings_form(tried), "act=save")
    assert "Saved. 1 grade changed" in scene.browser.get(done.location).text
    after = scene.staff.get(scene.path).json()["problems"]
    assert [one["points"] for one in after] == [7.5, 4] != before
    cleared = scene.browser.send(
        settings_form(scene.editor()), "act=save", **{"points.why-small-kernels": ""}
    )
    assert cleared.status == 303
    [first, second] = scene.staff.get(scene.path).json()["problems"]
    assert (first["points"], first["own_points"], second["own_points"]) == (before[0], None, 4)


def test_invalid_points_are_reported_by_problem_and_input_is_kept(scene):
    typed = {"points.why-small-kernels": "many", "title": "Other"}
    found = scene.browser.send(settings_form(scene.editor()), "act=save", **typed)
    assert found.status == 422
    assert found.one(id="error").all("a", href="#points.why-small-kernels")
    assert settings_form(found).one("input", name="points.why-small-kernels")["value"] == "many"
    assert scene.staff.get(scene.path).json()["title"] == "Homework 1"


@pytest.mark.parametrize("state", ["published", "planned", "draft"])
def test_view_as_student_opens_assignment_even_if_unpublished(scene, state):
    if state == "draft":
        scene.staff.post(f"{scene.path}/unpublish")
    if state == "planned":
        published(scene, **{"timeline.release": "2026-11-09T08:00"})
    [form] = scene.editor().all("form", action=f"{scene.path}/view")
    page = scene.browser.follow(scene.browser.send(form))
    assert page.heading == "Homework 1"
    assert "Viewing as the test student." in page.text
    assert ("Students cannot see this assignment yet." in page.text) == (state != "published")
    problem = scene.browser.get(scene.assigned.path)
    assert problem.status == 200
    assert bool(problem.all("button", name="check")) == (state == "published")
    stopped = scene.browser.send(page.one("form", has="band"), "student=")
    assert stopped.location == f"{scene.path}/edit"
    [problem] = scene.staff.get(scene.path).json()["problems"]
    assert problem["opened"] == (state == "published")
    if state != "published":
        assert scene.student.get(scene.path).status_code == 404
        assert scene.student.get(scene.assigned.path).status_code == 404


def test_test_student_cannot_submit_to_unpublished_assignment(scene):
    scene.staff.post(f"{scene.path}/unpublish")
    scene.staff.post(f"{scene.home}/test-student")
    sent = scene.staff.post(
        f"{scene.assigned.path}/submissions",
        {"answers": {"cells": "9"}},
        headers={"X-View-As": "test"},
    )
    assert sent.status_code == 403


def test_get_of_delete_page_asks_and_deletes_nothing(scene):
    page = scene.browser.get(f"{scene.path}/delete")
    assert page.status == 200
    assert "Delete this assignment?" in page.one(role="alert").text
    assert scene.staff.get(scene.path).status_code == 200


def test_delete_confirmation_is_unsaved_only_with_typed_changes(scene):
    plain = scene.press(scene.editor(), "Delete assignment")
    assert settings_form(plain).get("data-unsaved") == ""
    typed = scene.press(scene.editor(), "Delete assignment", title="Other")
    assert settings_form(typed)["data-unsaved"] == "yes"
