"""cfn-lint rules for our own two templates, each file by itself. Nothing here is shipped."""
