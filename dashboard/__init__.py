"""The laboratory in the browser: `python -m dashboard`."""
