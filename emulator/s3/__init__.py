"""S3's bucket policies."""
