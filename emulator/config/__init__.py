"""AWS Config of an emulated account and organization."""
