"""What make runs here and nobody installs."""
