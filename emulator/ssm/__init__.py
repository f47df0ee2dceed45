"""Systems Manager: documents, and Automation that runs them."""
