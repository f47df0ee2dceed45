"""What a run costs: an account server with latency and throttling, and three readers beside it."""
