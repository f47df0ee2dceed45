"""What keeps new setup keys out: checks of CloudFormation and Terraform, and SCPs."""
