"""What keeps new setup keys out: checks of templates and plans, service control policies."""
