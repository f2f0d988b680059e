"""Denoising of one trace without the model: an untrained network that is fitted to it, and classical filters."""
