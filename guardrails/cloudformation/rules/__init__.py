"""The check as other tools load it: a cfn-lint rule in one file, and Guard rules. Nothing else."""
