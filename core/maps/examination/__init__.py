"""The examination of a map: whether what it states about its own error holds, and why not."""
