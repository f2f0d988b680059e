"""Trainings that outlive the page: each works in a process of its own, and keeps what it does in a folder."""
