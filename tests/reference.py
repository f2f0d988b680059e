"""The neuron's equations written anew and solved by SciPy at a tolerance far below that of the engine."""

import numpy as np
from joblib import Parallel, delayed
from scipy.integrate import ode, solve_ivp

SLIDERS_LOWER = np.array([-0.2, -0.4, -0.8, 2.0])
SLIDERS_UPPER = np.array([1.0, 1.2, 0.0, 5.0])


def right_hand_side(state, parameters):
    """Return (du/dt, dv/dt)."""
    u, v = state
    theta0, theta1, zeta, gamma = parameters
    return np.array([gamma * (u - u**3 / 3 + v + zeta), -(u - theta0 + theta1 * v) / gamma])


def reference_solution(parameters, times, initial_state=(0.0, 0.0)):
    """Return (u, v), (n_times, 2), of one neuron, by SciPy's compiled DOP853."""
    theta0, theta1, zeta, gamma = (float(value) for value in parameters)

    # Plain floats: NumPy's take twice as long, and this is most of the suite's time.
    def slope(_, state):
        u, v = state.tolist()
        return [gamma * (u - u * u * u / 3 + v + zeta), -(u - theta0 + theta1 * v) / gamma]

    solver = ode(slope).set_integrator("dop853", rtol=1e-11, atol=1e-13, nsteps=100_000)
    solver.set_initial_value(initial_state, times[0])
    states = [np.array(initial_state, dtype=float)]
    for time in times[1:]:
        states.append(solver.integrate(time).copy())
        if not solver.successful():
            raise RuntimeError(f"SciPy gave up at {time} ms for {parameters}.")
    return np.array(states)


def reference_solutions(parameters, times):
    """Return (u, v), (n, n_times, 2), of n neurons that start at rest."""
    return np.array(Parallel(n_jobs=2)(delayed(reference_solution)(row, times) for row in parameters))


def escape_time(parameters, t_end):
    """Return when |u| of one neuron that starts at rest reaches 20, or infinity if not before t_end."""

    def excess(_, state):
        return abs(state[0]) - 20

    excess.terminal = True
    solution = solve_ivp(
        lambda _, state: right_hand_side(state, parameters), (0, t_end), (0, 0), "DOP853", events=excess, rtol=1e-9
    )
    return solution.t_events[0][0] if solution.t_events[0].size else np.inf


def sensitivities(parameters, times, relative_change):
    """Return by how much u moves at most, (n,), when one parameter of n neurons, (n, 4), changes relatively."""
    n = len(parameters)
    variants = np.repeat(parameters[None], 5, axis=0)
    for k in range(4):
        variants[k + 1, :, k] *= 1 + relative_change
    u = reference_solutions(variants.reshape(-1, 4), times)[..., 0].reshape(5, n, len(times))
    return np.abs(u[1:] - u[0]).max(axis=(0, 2))
