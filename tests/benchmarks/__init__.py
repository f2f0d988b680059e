"""What the laboratory promises in time, measured: `python -m tests.benchmarks.NAME`."""
