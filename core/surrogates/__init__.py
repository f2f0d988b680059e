"""Networks in the place of a solver: trajectories from parameters, as models like any other."""
