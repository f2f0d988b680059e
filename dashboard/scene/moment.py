"""What a session has set at one moment, to go back to: the experiment, the form of the page Train, and the uploads."""

from dataclasses import dataclass, replace

from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import Trace
from dashboard.scene.scene import Scene
from dashboard.scene.training import Form


@dataclass(frozen=True, eq=False)
class Moment:
    """The settings of a session; uploads are kept by reference."""

    experiment: Experiment
    training: Form
    upload: Trace | None
    recording: Trace | None

    @classmethod
    def of(cls, scene: Scene) -> "Moment":
        """Return what is set in a scene."""
        holdings = scene.holdings
        return cls(scene.experiment, holdings.training, holdings.upload, holdings.recording)

    def is_like(self, other: "Moment") -> bool:
        """Say whether nothing differs but what is not undone: whether the truth is hidden, which own maps are shown."""
        now, then = self.experiment, other.experiment
        return (
            now == replace(then, hidden=now.hidden, own_maps=now.own_maps)
            and self.training == other.training
            and self.upload is other.upload
            and self.recording is other.recording
        )

    def back_in(self, scene: Scene) -> Experiment:
        """Put back what the holdings of a scene held, and return the experiment with what is not undone as it is."""
        holdings, now = scene.holdings, scene.experiment
        holdings.training, holdings.upload, holdings.recording = self.training, self.upload, self.recording
        return replace(self.experiment, hidden=now.hidden, own_maps=now.own_maps)
