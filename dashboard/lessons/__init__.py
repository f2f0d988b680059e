"""The lessons: one file each, data only, and what they are made of."""
