"""The roll-out itself: checks, plan, execution, and how it stands."""
