"""Everything that a page's pictures are computed from."""

from dataclasses import dataclass, field
from functools import cached_property

from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings
from dashboard.scene.observation import Observation, observe


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

    @cached_property
    def at_release(self) -> "Scene":
        """The scene at the last release of a control."""
        return Scene(self.released, self.released, holdings=self.holdings) if self.dragging else self
