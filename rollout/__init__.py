"""What runs at an operator's desk: python -m rollout <verb>."""
