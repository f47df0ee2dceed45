"""The cfn-lint rules: this folder is what --append-rules is given, so it holds nothing else."""
