"""Lambda, with functions that run."""
