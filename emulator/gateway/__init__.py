"""The HTTP side: one port, the record of calls, faults on demand."""
