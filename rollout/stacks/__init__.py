"""The CloudFormation stack and StackSet that bring template.yaml to the accounts."""
