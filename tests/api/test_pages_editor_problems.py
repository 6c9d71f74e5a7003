"""Tests of an assignment's problems: add, reorder, edit, void parts, remove."""

from uuid import UUID

import pytest
from staff_course import StaffCourse, settings_form
from world import OTHER_PROBLEM, TEXT_PROBLEM, published

from api.db.models import ProblemVersion
from api.pages.staff.assignments.editor_messages import PROBLEM_REMOVED_MESSAGE
from api.services.problems.versions import store_version


@pytest.fixture
def scene(world):
    return StaffCourse(world, TEXT_PROBLEM, OTHER_PROBLEM)


def names(scene):
    return [one["problem"] for one in scene.staff.get(scene.path).json()["problems"]]


def test_problems_move_up_and_down(scene):
    assert names(scene) == ["why-small-kernels", "why-large-kernels"]
    assert scene.press(scene.editor(), "down=why-small-kernels").status == 303
    assert names(scene) == ["why-large-kernels", "why-small-kernels"]
    assert scene.press(scene.editor(), "up=why-small-kernels").status == 303
    assert names(scene) == ["why-small-kernels", "why-large-kernels"]


def test_stale_problem_reorder_is_rejected(scene):
    mine = scene.editor()
    assert scene.press(mine, "down=why-small-kernels").status == 303
    refused = scene.press(mine, "down=why-small-kernels")
    assert refused.status == 412
    assert "changed since you opened this page" in refused.one(role="alert").text
    assert names(scene) == ["why-large-kernels", "why-small-kernels"]


def test_problems_selected_across_searches_are_added_together(scene):
    for name in ("conv-output-shape", "conv-sizing"):
        scene.world.version(name)
    bank = scene.browser.follow(scene.press(scene.editor(), "Choose problems"))
    found = scene.browser.send(bank.one("form", role="search"), text="output-shape")
    [box] = found.all("input", name="pick")
    other = scene.browser.send(
        found.one("form", role="search"), text="conv-sizing", pick=box["value"]
    )
    assert "Output shape of a convolution" in other.one("fieldset", has="card").text
    [kept, second] = other.all("input", name="pick")
    assert "checked" in kept.attributes
    assert "checked" not in second.attributes
    action = other.one("button", formmethod="post")["formaction"]
    added = scene.browser.post(action, {"pick": [kept["value"], second["value"]]})
    assert added.status == 303
    assert names(scene)[-2:] == ["conv-output-shape", "conv-sizing"]
    page = scene.browser.follow(added)
    assert "Problems added." in page.text
    again = scene.browser.get(f"{scene.home}/problems?to={scene.assigned.assignment}&text=conv-")
    assert again.all("input", name="pick") == []


def test_problem_preview_has_add_button(scene):
    version = scene.world.version("conv-output-shape")
    bank = scene.browser.get(f"{scene.home}/problems?to={scene.assigned.assignment}")
    [link] = [one for one in bank.all("a") if f"/problems/{version.id}?" in one.get("href")]
    preview = scene.browser.get(link["href"])
    following = preview.one("a", text="Next")["href"]
    form = scene.browser.get(following).one("form", action=f"{scene.path}/problems")
    added = scene.browser.send(form, f"pick={form.one('button', name='pick')['value']}")
    assert added.status == 303
    assert names(scene)[-1] == "conv-output-shape"
    assert "This problem is in" in scene.browser.get(following).text


def test_adding_unknown_version_is_rejected_in_editor(scene):
    pick = "conv-output-shape/00000000-0000-7000-8000-000000000000"
    refused = scene.browser.post(f"{scene.path}/problems", {"pick": pick})
    assert refused.status == 422
    assert "is not a published version" in refused.one(role="alert").text


def settings(scene):
    found = scene.browser.get(f"{scene.path}/problems/{scene.assigned.slug}/settings")
    assert found.status == 200, found.text
    return found


def test_voiding_a_part_has_a_dry_run_and_saves(scene):
    scene.student.submit(scene.assigned, {"cells": "1"})
    tried = scene.browser.send(
        settings_form(settings(scene)), "act=try", **{"voided.cells": "full"}
    )
    assert "1 up, 0 down" in tried.text
    told = scene.staff.get(f"{scene.assigned.path}/settings").json()
    assert told["voided"] == {}
    saved = scene.browser.send(settings_form(tried), "act=save")
    assert "1 grade changed: 1 up, 0 down" in scene.browser.get(saved.location).text
    told = scene.staff.get(f"{scene.assigned.path}/settings").json()
    assert told["voided"] == {"cells": "full"}


def test_problem_points_are_validated_and_redisplayed(scene):
    found = scene.browser.send(settings_form(settings(scene)), "act=save", points="-3")
    assert found.status == 422
    assert found.one("input", name="points")["value"] == "-3"
    assert scene.browser.send(settings_form(found), "act=save", points="7/2").status == 303
    assert settings(scene).one("input", name="points")["value"] == "3.5"


def test_saving_points_keeps_retired_version(scene):
    first = scene.staff.get(f"{scene.assigned.path}/settings").json()["version_id"]
    with scene.world.session() as session:
        made = published(TEXT_PROBLEM)
        store_version(session, made, TEXT_PROBLEM, now=scene.world.clock())
        session.get_one(ProblemVersion, UUID(first)).status = "retired"
    form = settings_form(settings(scene))
    said = [one.text for one in form.one("select", name="version").all("option")]
    assert said == ["2", "1 (retired)"]
    assert scene.browser.send(form, "act=save", points="5").status == 303
    told = scene.staff.get(f"{scene.assigned.path}/settings").json()
    assert (told["own_points"], told["version_id"]) == (5, first)


def test_stale_problem_settings_form_shows_differences(scene):
    mine = settings(scene)
    scene.browser.send(settings_form(settings(scene)), "act=save", points="5")
    found = scene.browser.send(settings_form(mine), "act=save", points="6")
    assert found.status == 412
    assert ["Points", "5", "6"] in found.one(role="alert").one("table").rows()
    assert scene.browser.send(settings_form(found), "act=save").status == 303


def test_grade_with_only_a_new_maximum_is_counted_separately(scene):
    scene.student.submit(scene.assigned, {"cells": "1"})
    saved = scene.browser.send(settings_form(settings(scene)), "act=save", points="5")
    told = scene.browser.follow(saved).text
    assert "1 grade changed: 0 up, 0 down, 1 with only a new maximum." in told


def test_stale_form_omits_fields_it_does_not_contain(scene):
    scene.student.submit(scene.assigned, {"cells": "9"})
    mine = settings(scene)
    assert settings_form(mine).all("select", name="version") == []
    scene.browser.send(settings_form(settings(scene)), "act=save", points="5")
    found = scene.browser.send(settings_form(mine), "act=save", points="6")
    assert found.one(role="alert").one("table").rows()[1:] == [["Points", "5", "6"]]


def test_resent_form_reports_values_already_saved(scene):
    mine = settings_form(settings(scene))
    assert scene.browser.send(mine, "act=save", points="5").status == 303
    again = scene.browser.send(mine, "act=save", points="5")
    assert again.status == 412
    assert "It already has the values that you typed." in again.one(role="alert").text
    assert scene.browser.send(settings_form(again), "act=save", points="6").status == 303


def test_stale_problem_removal_is_rejected_with_reason(scene):
    [out] = settings(scene).all("form", action=f"{scene.path}/problems/why-small-kernels/remove")
    scene.browser.send(settings_form(settings(scene)), "act=save", points="5")
    refused = scene.browser.send(out)
    assert refused.status == 412
    assert "changed since you opened this page" in refused.one(role="alert").text
    assert refused.one(role="alert").all("table") == []


def test_removal_of_a_problem_asks_reports_and_is_undone_by_adding_it_again(scene):
    scene.student.submit(scene.assigned, {"cells": "9"})
    version = scene.staff.get(f"{scene.assigned.path}/settings").json()["version_id"]
    [out] = settings(scene).all("form", action=f"{scene.path}/problems/why-small-kernels/remove")
    asked = scene.browser.send(out)
    assert "Remove this problem?" in asked.text
    assert "why-small-kernels" in names(scene)
    sure = asked.all("form", action=out["action"])[0]
    removed = scene.browser.send(sure)
    assert names(scene) == ["why-large-kernels"]
    told = scene.browser.follow(removed)
    assert PROBLEM_REMOVED_MESSAGE in told.text
    assert "1 grade changed" in told.text
    pick = f"why-small-kernels/{version}"
    added = scene.browser.post(f"{scene.path}/problems", {"pick": pick})
    assert added.status == 303, added.text
    assert scene.student.get(scene.assigned.path).json()["standing"]["score"] == 2


def test_notice_is_posted_and_withdrawn(scene):
    where = f"{scene.path}/problems/why-small-kernels/notices"
    note = settings(scene).one("form", action=where)
    assert scene.browser.send(note, text="").status == 422
    assert scene.browser.send(note, text="Part b was <b>wrong</b>.").status == 303
    found = settings(scene)
    assert "Part b was <b>wrong</b>." in found.text
    [off] = [one for one in found.all("form") if one["action"].endswith("/withdraw")]
    assert scene.browser.send(off).status == 303
    assert scene.browser.send(off).status == 303, "twice is as good as once"
    assert "<b>wrong</b>" not in settings(scene).text
