resource "aws_iam_user" "this" {
  name = "mover"
}

resource "aws_iam_user_login_profile" "this" {
  user = aws_iam_user.this.name
}

output "name" {
  value = aws_iam_user.this.name
}
