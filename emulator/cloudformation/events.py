"""What the events of a stack say."""


def describe_error(error: Exception) -> str:
    """Return what an event of a stack says of a service's error: its text and its code."""
    code = getattr(error, "error_type", None) or type(error).__name__
    return f"{getattr(error, 'message', None) or error} (Error Code: {code})"
