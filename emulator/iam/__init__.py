"""IAM of an emulated account."""
