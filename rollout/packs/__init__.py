"""The conformance pack of an organization or of an account."""
