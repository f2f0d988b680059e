"""Everything that a page's pictures are computed from."""

from dataclasses import dataclass, field, replace
from functools import cached_property

from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings
from dashboard.scene.observation import Observation, observe
from dashboard.scene.settings import SLIDERS


@dataclass(frozen=True, eq=False)
class Scene:
    """The experiment of a session and what no address can hold.

    experiment: what is on screen now.
    released: the experiment at the last release of a control.
    dragging: whether a hand is on a control, so that only what follows it is computed.
    holdings: uploads, and what was computed in the background.
    """

    experiment: Experiment
    released: Experiment
    dragging: bool = False
    holdings: Holdings = field(default_factory=Holdings)

    @cached_property
    def observation(self) -> Observation:
        """The data on screen."""
        return observe(self.experiment, self.holdings.upload)

    @property
    def time_range(self) -> tuple[float, float]:
        """Where the time axis begins and ends, in ms.

        While the window is dragged it reaches over all that the slider does, so that lines move and the axis does not.
        """
        times = self.observation.times
        end = float(times[-1])
        if self.dragging and self.experiment.t_end != self.released.t_end and self.holdings.upload is None:
            end = max(end, SLIDERS["t_end"].high)
        return float(times[0]), end

    def differs_only_in(self, *names: str) -> bool:
        """Say whether the hand has changed no other settings than these since the last release."""
        moved = {name: getattr(self.experiment, name) for name in names}
        return self.experiment == replace(self.released, **moved)

    @cached_property
    def at_release(self) -> "Scene":
        """The scene at the last release of a control."""
        return Scene(self.released, self.released, holdings=self.holdings) if self.dragging else self
