"""Models, which compute trajectories and their derivatives from parameters: one file or folder for each."""
