"""The dashboard in a real Chromium, driven as a person would: real mouse, real keys, a real server."""
