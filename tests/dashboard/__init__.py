"""Tests of the dashboard below its JavaScript, which tests/browser drives."""
