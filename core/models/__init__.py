"""From parameters to trajectories, with their derivatives: one file or folder a model."""
