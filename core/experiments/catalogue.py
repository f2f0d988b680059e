"""The table of all experiments: how each is run, and how its measurements are laid out."""

from collections.abc import Callable
from dataclasses import dataclass

from core.experiments import (
    accuracy,
    best_map,
    conditional,
    covariance,
    cures,
    denoising,
    four,
    fresh,
    joint,
    layout_covariance,
    layout_cures,
    layout_denoising,
    layout_fresh,
    layout_further,
    layout_joint,
    layout_mean_field,
    layout_mended,
    layout_perturbations,
    layout_posteriors,
    layout_samplers,
    layout_surrogate,
    layout_unrolled,
    layouts,
    least_squares_of_others,
    limit,
    mean_field,
    mended,
    noise_levels,
    noise_regimes,
    optimisers,
    perturbations,
    posteriors,
    samplers,
    surrogate,
    training_size,
    trajectories_of_estimates,
    unrolled,
    width,
    windows,
)
from core.experiments.context import Context
from core.experiments.records import Result
from core.experiments.tables import Figures, Table


@dataclass(frozen=True)
class Experiment:
    """An experiment. run: measures; tables: lays out what was measured."""

    run: Callable[[Context], Result]
    tables: Callable[[Result, Figures], list[Table]]


# In this order, because later experiments quote figures of earlier ones.
EXPERIMENTS = {
    "limit": Experiment(limit.run, layouts.limit),
    "training-size": Experiment(training_size.run, layouts.training_size),
    "accuracy": Experiment(accuracy.run, layouts.accuracy),
    "regimes": Experiment(noise_regimes.run, layouts.regimes),
    "time-series": Experiment(trajectories_of_estimates.run, layouts.time_series),
    "calibration": Experiment(best_map.run, layouts.calibration),
    "noise": Experiment(noise_levels.run, layouts.noise),
    "optimisers": Experiment(optimisers.run, layouts.optimisers),
    "unrolled": Experiment(unrolled.run, layout_unrolled.unrolled),
    "samplers": Experiment(samplers.run, layout_samplers.samplers),
    "mean-field": Experiment(mean_field.run, layout_mean_field.mean_field),
    "denoising": Experiment(denoising.run, layout_denoising.denoising),
    "surrogate": Experiment(surrogate.run, layout_surrogate.surrogate),
    "magi": Experiment(least_squares_of_others.run, layouts.magi),
    "width": Experiment(width.run, layouts.width),
    "joint": Experiment(joint.run, layout_joint.joint),
    "covariance": Experiment(covariance.run, layout_covariance.covariance),
    "fresh": Experiment(fresh.run, layout_fresh.fresh),
    "posteriors": Experiment(posteriors.run, layout_posteriors.posteriors),
    "perturbations": Experiment(perturbations.run, layout_perturbations.perturbations),
    "cures": Experiment(cures.run, layout_cures.cures),
    "mended": Experiment(mended.run, layout_mended.mended),
    "conditional": Experiment(conditional.run, layout_further.conditional),
    "window": Experiment(windows.run, layout_further.window),
    "four": Experiment(four.run, layout_further.four),
}
