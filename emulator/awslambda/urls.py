"""Where moto finds Lambda: it looks for this module beside the backend's `models`."""

from moto.awslambda.urls import url_bases, url_paths

__all__ = ["url_bases", "url_paths"]
