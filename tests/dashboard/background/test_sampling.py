from dataclasses import replace

import numpy as np

from dashboard.background.race import Race, attended
from dashboard.background.sampling import Sampling, aim, sampled, samplings
from dashboard.figures import swarm
from dashboard.pictures import race as pictures
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import observe
from dashboard.scene.problem import problem_of

EXPERIMENT = Experiment(t_end=40, samplers=("Langevin", "MALA"))
PROBLEM = problem_of(EXPERIMENT, observe(EXPERIMENT, None))
START = (0.4, 0.4)
LONG = 60.0  # s, more than anything here takes


def test_only_langevins_sampler_has_the_step_of_the_slider():
    """So that to move the step runs no other sampler anew."""
    assert samplings(("Langevin", "MALA"), 2.0, 0.1) == (Sampling("Langevin", 2.0, 0.1), Sampling("MALA", 2.0))


def test_optimisers_and_samplers_race_together_and_another_temperature_runs_the_samplers_alone():
    racers = ("L-BFGS-B", *samplings(("MALA",), 1.0, 0.1))
    held = attended(Race(), PROBLEM, (START,), racers, False)
    while held.task is not None:
        held.task.wait(LONG)
        held = attended(held, PROBLEM, (START,), racers, False)
    assert [path.method for path in held.shown_for(PROBLEM)] == ["L-BFGS-B"]
    (found,) = held.sampled_for(PROBLEM)
    assert (found.path.method, found.path.temperature) == ("MALA", 1.0)
    other = replace(EXPERIMENT, theta0=0.41)
    assert held.sampled_for(problem_of(other, observe(other, None))) == ()
    hotter = attended(held, PROBLEM, (START,), ("L-BFGS-B", *samplings(("MALA",), 9.0, 0.1)), False)
    assert hotter.runs in ((), ((START, Sampling("MALA", 9.0)),))
    assert hotter.shown_for(PROBLEM) == held.shown_for(PROBLEM)


def test_the_particles_spread_to_the_exact_posterior_and_an_optimiser_does_not():
    aimed = aim(PROBLEM, 1.0)
    found = sampled(aimed, START, Sampling("MALA", 1.0))
    near = found.exact.of_independent_draws(64)
    assert np.mean(found.distances[-5:]) < 1.5 * near
    # A point has the energy distance √(2 E‖X − c‖ − E‖X − X′‖) at least, which is far above that of 64 draws.
    assert found.exact.energy_distance(aimed.target.positions(aimed.target.coordinates([START]))[None])[0] > 3 * near
    assert found.variations[-1] < 0.5 < found.variations[0]


def test_a_temperature_widens_what_is_drawn_from():
    cold, hot = (aim(PROBLEM, temperature).exact.positions.std(axis=0) for temperature in (1.0, 16.0))
    assert np.all(hot > 2 * cold)


def test_where_nothing_can_be_simulated_samplers_have_no_posterior_and_stay():
    nowhere = PROBLEM.with_data(np.full(PROBLEM.times.size, 1e12))
    aimed = aim(nowhere, 1.0)
    assert aimed.exact is None
    found = sampled(aimed, START, Sampling("MALA", 1.0))
    assert np.all(np.isnan(found.distances))
    assert pictures.table([], 0.0, [found])[1][1]["text"] == "–"
    assert "no exact posterior" in pictures.about([found], PROBLEM.bounds)[0]


def test_the_figures_of_samplers_hold_their_particles_their_distances_and_the_exact_draws():
    found = sampled(aim(PROBLEM, 1.0), START, Sampling("HMC", 1.0))
    traces, shapes = swarm.on_map([found])
    swarms = [shape["swarm"] for shape in shapes if "swarm" in shape]
    assert [each["at"] for each in swarms] == [0] * 3
    (place,) = swarm.places([found])
    assert place["n"] == 64
    assert [trace["name"] for trace in traces] == [swarm.EXACT, "HMC"]
    drawn = swarm.distance([], [found])
    assert [trace["name"] for trace in drawn["data"]][:2] == ["64 independent draws", "HMC"]
    assert swarm.on_map([]) == ([], [])
    assert len(swarm.variation([], [])["data"]) == 1
    assert set(swarm.LOOKS) == set(pictures.SAMPLERS)
    assert len({look.colour for look in swarm.LOOKS.values()}) == len(swarm.LOOKS)
