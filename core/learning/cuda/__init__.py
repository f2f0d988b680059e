"""Training steps on an NVIDIA GPU, without a compiler at the user's side."""
