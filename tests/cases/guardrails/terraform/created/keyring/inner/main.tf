variable "holder" {}

resource "aws_iam_access_key" "in_two_modules" {
  user = var.holder.name
}
