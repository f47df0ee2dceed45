"""AWS as an operator's session reaches it."""
