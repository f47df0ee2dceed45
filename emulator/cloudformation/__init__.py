"""CloudFormation: stacks and StackSets."""
