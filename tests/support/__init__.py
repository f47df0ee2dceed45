"""What the tests of several parts use."""
