"""The server: where it listens, whom it answers, and what it sends."""
