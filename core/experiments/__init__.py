"""Figures that the laboratory quotes: each experiment is a file here, and its JSON lies in results/."""
