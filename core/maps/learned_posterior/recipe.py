"""A recipe of a learned posterior. This file does not import torch."""

from dataclasses import dataclass

from core.checks import is_whole

SIMULATIONS_RANGE = (1000, 10_000_000)
SETTINGS = {"components": (2, 64), "width": (8, 1024), "epochs": (1, 1000), "batch_size": (16, 65_536)}


@dataclass(frozen=True)
class PosteriorRecipe:
    """The settings of a training.

    base: the shipped map whose Gaussian is the first frame.
    simulations: of each stage; each stage refines what the one before it states.
    components: Gaussians of a mixture. width: units of each layer.
    epochs, batch_size, learning_rate: of every network.
    Raises ValueError where a setting is out of range.
    """

    base: str
    simulations: tuple[int, ...]
    components: int = 16
    width: int = 256
    epochs: int = 16
    batch_size: int = 2048
    learning_rate: float = 1.5e-3
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.base, str) or not self.base:
            raise ValueError("A learned posterior needs the name of the map that it begins with.")
        if not isinstance(self.simulations, tuple) or not 1 <= len(self.simulations) <= 4:
            raise ValueError("A learned posterior has one to four stages.")
        least, most = SIMULATIONS_RANGE
        if not all(is_whole(n) and least <= n <= most for n in self.simulations):
            raise ValueError(f"Each stage needs {least:,} to {most:,} simulations.")
        for name, (low, high) in SETTINGS.items():
            if not is_whole(getattr(self, name)) or not low <= getattr(self, name) <= high:
                raise ValueError(f"The {name.replace('_', ' ')} must be a whole number between {low} and {high:,}.")
        if not (isinstance(self.learning_rate, float) and 0 < self.learning_rate <= 1):
            raise ValueError("The learning rate must lie between 0 and 1.")
        if not is_whole(self.seed) or self.seed < 0:
            raise ValueError("The seed must be a whole number, 0 or above.")
