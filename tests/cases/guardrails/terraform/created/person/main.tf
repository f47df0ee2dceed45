terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "name" {}
variable "suffix" {}
variable "console" {}

resource "aws_iam_user" "this" {
  name = "${var.name}-${var.suffix}"
}

resource "aws_iam_user_login_profile" "this" {
  count = var.console ? 1 : 0
  user  = aws_iam_user.this.name
}

resource "aws_iam_access_key" "bad_inside" {
  count = var.console ? 1 : 0
  user  = aws_iam_user.this.name
}

resource "aws_iam_access_key" "ok_inside" {
  count = var.console ? 0 : 1
  user  = aws_iam_user.this.name
}

output "name" {
  value = aws_iam_user.this.name
}
