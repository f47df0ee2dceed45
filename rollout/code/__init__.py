"""The functions' code: built, and put where every account can read it."""
