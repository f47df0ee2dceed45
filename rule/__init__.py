"""The Config rule that runs in AWS: standard library, boto3 and rdklib only."""

__version__ = "0.1.0"
