"""Working findings off: batches, undoing, exceptions, and what AWS Config makes of it."""
