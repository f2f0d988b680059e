"""The page Trust: a perturbation under the hand, a target, a cell of the table, and a network that learns."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.drawings import check_labels, check_legend

pytestmark = pytest.mark.browser

ANSWER = "document.querySelector('.lab-answer').innerText"


def test_the_size_moves_the_estimates_under_the_hand(lab):
    lab.open("Trust")
    lab.until(f"{ANSWER}.includes('dense-noisy is fooled')")
    before = lab.trace("trace", "perturbation δ")["y"]
    lab.drag("perturbation_size", 0.2, 0.3)
    size = float(lab.values()["perturbation_size"])
    lab.until(f"(size) => {ANSWER}.includes(`of size ${{size}} `)", size)
    after = lab.trace("trace", "perturbation δ")["y"]
    ratio = max(map(abs, after)) / max(map(abs, before))
    assert ratio == pytest.approx(size / 3.0, rel=1e-3)
    for plot in ("plane", "movements"):
        check_legend(lab, plot)
    check_labels(lab, "movements", "x")
    check_labels(lab, "movements", "y", least=2)


def test_the_target_is_dragged(lab):
    lab.open("Trust", "perturbation=target&perturbed=best")
    lab.until(f"{ANSWER}.includes('takes best to the target')")
    start, end = (lab.pixel("plane", *place) for place in ((0.405, 0.37), (0.402, 0.39)))
    before = lab.evaluate(ANSWER)
    lab.pull(start, end)
    lab.until(f"(before) => {ANSWER} !== before && {ANSWER}.includes('takes best to the target')", before)
    target = lab.evaluate("plot('plane').layout.shapes.find(({ legendgroup }) => legendgroup === 'target')")
    assert (target["xanchor"], target["yanchor"]) == pytest.approx((0.402, 0.39), abs=1e-3)
    assert {"target_theta0", "target_theta1"} <= set(parse_qs(urlsplit(lab.page.url).query))


def test_a_cell_of_the_table_shows_its_perturbation_on_the_trace(lab):
    lab.open("Trust")
    lab.choose("trust", "many")
    lab.until("document.querySelector('.lab-table td button')")
    lab.page.get_by_role("button", name="573", exact=True).click()
    lab.until(f"{ANSWER}.includes('cnn-clean by')")
    assert {"made_for=cnn-clean", "perturbed=cnn-clean"} <= set(lab.page.url.partition("?")[2].split("&"))


def test_a_network_learns_one_trace_and_can_be_stopped(lab):
    lab.open("Trust")
    lab.choose("trust", "denoising")
    lab.press("Fit the network")
    lab.until(f"/iteration [1-9]/.test({ANSWER})")
    lab.press("Stop")
    lab.until(f"{ANSWER}.startsWith('You stopped it at iteration')")
    names = {trace["name"] for trace in lab.evaluate("() => plot('curves').data.map(({ name }) => ({ name }))")}
    assert {"data", "truth", "deep prior, stopped", "exact posterior mean"} <= names


def test_surrogates_follow_the_sliders(lab):
    lab.open("Trust")
    lab.choose("trust", "surrogates")
    lab.until(f"{ANSWER}.includes('arise at the knees')")
    before = lab.evaluate(ANSWER)
    lab.drag("theta0", 0.45, 0.42)
    lab.until(f"(before) => {ANSWER} !== before && {ANSWER}.startsWith('For this θ the flow map is off by')", before)
    solver, flow_map = (lab.trace("traces", name)["y"] for name in ("solver", "flow map"))
    assert flow_map == pytest.approx(solver, abs=0.2)
    for plot in ("traces", "course", "drift"):
        check_legend(lab, plot)
    check_labels(lab, "course", "y", least=2)


def test_the_number_of_learned_steps_moves_the_estimate_under_the_hand(lab):
    lab.open("Trust")
    lab.choose("trust", "steps")
    lab.until(f"{ANSWER}.startsWith('After 2 learned steps')")
    lab.drag("learned_steps", 0.75, 1.0)
    lab.until(f"{ANSWER}.startsWith('After 4 learned steps')")
    assert len(lab.trace("descent", "learned steps")["x"]) == 5
    for plot in ("descent", "errors"):
        check_legend(lab, plot)
