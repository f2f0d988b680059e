"""The experiments behind the figures that the laboratory quotes: each has a file here, and its JSON in results/."""
