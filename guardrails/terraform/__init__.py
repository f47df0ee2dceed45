"""Terraform plans judged."""
