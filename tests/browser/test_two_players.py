"""Lesson 11 in a real JupyterLab: every check passes; both players step, run and pause; points are drawn by hand."""

import statistics
import time

import pytest
from browser.pages import CHANGED, LIMIT, Locator, Page, cell_with, latency, shoot


@pytest.fixture
def page(open_notebook) -> Page:
    """The lesson, solved and run; each check has passed."""
    return open_notebook("11_two_players")


@pytest.fixture
def view(page) -> Locator:
    """The cell with the live view, paused and reset to the ring."""
    cell = cell_with(page, "two_players(Generator()")
    cell.locator("img.course-pad").wait_for()
    for _ in range(5):
        page.wait_for_timeout(400)  # a pause under way changes the button's name: do not press it twice
        if not (pause := cell.get_by_role("button", name="Pause")).count():
            break
        pause.press("Enter")
    cell.get_by_label("data shape", exact=True).select_option("ring")
    return cell


def picture(view: Locator) -> Locator:
    return view.locator("img.course-pad")


def changes(view: Locator, act) -> None:
    """Do something, and wait until the picture is another one."""
    old = picture(view).get_attribute("src")
    act()
    view.page.wait_for_function(CHANGED, arg=[picture(view).element_handle(), old])


def stands_still(view: Locator, seconds: float = 0.6) -> bool:
    """Whether the picture stays the same for a while."""
    old = picture(view).get_attribute("src")
    view.page.wait_for_timeout(1000 * seconds)
    return picture(view).get_attribute("src") == old


def settles(view: Locator, tries: int = 8) -> bool:
    """Whether the picture comes to rest within a few seconds; a running view never does."""
    return any(stands_still(view) for _ in range(tries))


def slider(view: Locator, label: str) -> Locator:
    return view.locator(".widget-slider", has_text=label).locator(".noUi-handle")


def test_lesson_runs_solved_without_an_error_on_our_side(page):
    assert page.console == []


def test_every_control_is_labelled(view):
    for label in ("learning rate D", "learning rate G", "momentum", "slope penalty", "D : G ratio", "arrows"):
        assert view.locator(".widget-slider", has_text=label).count() == 1, label
    for label in ("data shape", "show the averaged generator"):
        assert view.get_by_label(label, exact=True).count() == 1, label
    for name in ("Step D", "Step G", "Run", "Reset", "Clear drawing"):
        assert view.get_by_role("button", name=name).count() == 1, name


def test_steps_change_the_picture_by_pointer_and_by_key(view):
    for name in ("Step D", "Step G"):
        button = view.get_by_role("button", name=name)
        changes(view, button.click)
        changes(view, lambda button=button: button.press("Enter"))
    shoot(view, "two_players_stepped")


def test_run_advances_and_pause_stops(view):
    changes(view, view.get_by_role("button", name="Run").click)
    changes(view, lambda: None)  # and goes on by itself
    ratio = slider(view, "D : G ratio")
    ratio.focus()
    ratio.press("ArrowRight")  # controls answer while it runs
    view.locator(".widget-slider", has_text="2 D : 1 G").wait_for()
    view.page.wait_for_timeout(1500)
    shoot(view, "two_players_running")
    view.get_by_role("button", name="Pause").click()
    view.get_by_role("button", name="Run").wait_for()
    assert settles(view)


def test_reset_and_shape_change_the_picture(view):
    changes(view, view.get_by_role("button", name="Step G").click)
    changes(view, view.get_by_role("button", name="Reset").click)
    for shape in ("moons", "grid"):
        changes(view, lambda shape=shape: view.get_by_label("data shape", exact=True).select_option(shape))


def test_a_slider_answers_the_keyboard(view):
    changes(view, lambda: (slider(view, "arrows").focus(), slider(view, "arrows").press("ArrowLeft")))
    box = view.get_by_label("show the averaged generator")
    changes(view, view.get_by_role("button", name="Step G").click)
    changes(view, lambda: box.press("Space"))
    changes(view, lambda: box.press("Space"))


def test_points_are_drawn_by_pointer_and_by_keys(view):
    page, pad, said = view.page, picture(view), view.locator("[role=status]")
    changes(view, lambda: view.get_by_label("data shape", exact=True).select_option("drawn"))
    assert "No points are drawn yet" in said.last.inner_text()
    view.get_by_role("button", name="Run").click()  # nothing to learn from: a sentence, and no loop
    view.get_by_role("button", name="Run").wait_for()
    assert "No points are drawn yet" in said.last.inner_text()
    box = pad.bounding_box()
    for x, y in ((0.3, 0.3), (0.7, 0.25), (0.5, 0.7)):
        changes(view, lambda x=x, y=y: page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"]))
    assert "No points" not in view.inner_text()
    pad.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Enter"):
        changes(view, lambda key=key: pad.press(key))
    changes(view, view.get_by_role("button", name="Run").click)
    page.wait_for_timeout(2500)
    shoot(view, "two_players_drawn")
    view.get_by_role("button", name="Pause").click()
    changes(view, view.get_by_role("button", name="Clear drawing").click)
    assert "No points are drawn yet" in said.last.inner_text()


def test_the_view_is_quick(view):
    changes(view, view.get_by_role("button", name="Step G").click)
    medians = {
        "arrows slider": latency(picture(view), slider(view, "arrows"), ["ArrowLeft", "ArrowRight"] * 8),
        "Step G": latency(picture(view), view.get_by_role("button", name="Step G"), ["Enter"] * 15),
        "Step D": latency(picture(view), view.get_by_role("button", name="Step D"), ["Enter"] * 15),
    }
    print("two players:", ", ".join(f"{name} {ms:.0f} ms" for name, ms in medians.items()))
    assert max(medians.values()) < LIMIT


def test_a_running_view_leaves_the_kernel_free(view):
    changes(view, view.get_by_role("button", name="Run").click)
    taken = []
    for _ in range(8):
        began = time.perf_counter()
        view.get_by_label("show the averaged generator").press("Space")
        changes(view, lambda: None)
        taken.append(time.perf_counter() - began)
    view.get_by_role("button", name="Pause").click()
    assert statistics.median(taken) < 1.0


def test_running_the_cell_again_stops_the_loop(view):
    page = view.page
    changes(view, view.get_by_role("button", name="Run").click)
    page.evaluate(
        """async source => { const app = window.jupyterapp, nb = app.shell.currentWidget.content;
        nb.activeCellIndex = nb.widgets.findIndex(c => c.model.sharedModel.getSource().includes(source));
        await app.commands.execute('notebook:run-cell'); }""",
        "two_players(Generator()",
    )
    view.get_by_role("button", name="Run").wait_for()
    assert settles(view)  # the new view may take a moment to replace the old one


def test_nothing_of_ours_went_wrong_in_the_browser(page):
    assert page.console == []
