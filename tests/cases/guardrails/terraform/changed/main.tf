# Applied over terraform.tfstate. The name of each access key carries its verdict.
resource "aws_iam_user" "operator" {
  name = "operator"
}

resource "aws_iam_user_login_profile" "operator" {
  user = aws_iam_user.operator.name
}

resource "aws_iam_user" "robot" {
  name = "robot"
}

resource "aws_iam_user" "former" {
  name = "former"
}

resource "aws_iam_user" "forgotten" {
  name = "forgotten"
}

removed {
  from = aws_iam_user_login_profile.forgotten
  lifecycle {
    destroy = false
  }
}

moved {
  from = aws_iam_user.mover
  to   = module.person.aws_iam_user.this
}

moved {
  from = aws_iam_user_login_profile.mover
  to   = module.person.aws_iam_user_login_profile.this
}

moved {
  from = aws_iam_access_key.before_the_move
  to   = aws_iam_access_key.bad_moved
}

module "person" {
  source = "./person"
}

import {
  to = aws_iam_user.imported
  id = "imported"
}

import {
  to = aws_iam_user_login_profile.imported
  id = "imported"
}

resource "aws_iam_user" "imported" {
  name = "imported"
}

resource "aws_iam_user_login_profile" "imported" {
  user = aws_iam_user.imported.name
  lifecycle {
    ignore_changes = all
  }
}

data "aws_iam_user" "operator" {
  user_name = "operator"
}

resource "aws_iam_access_key" "bad_moved" {
  user = module.person.name
}

resource "aws_iam_access_key" "bad_unchanged" {
  user = aws_iam_user.operator.name
}

resource "aws_iam_access_key" "bad_new" {
  user = aws_iam_user.operator.name
}

resource "aws_iam_access_key" "bad_through_a_data_source" {
  user = data.aws_iam_user.operator.user_name
}

resource "aws_iam_access_key" "ok_made_inactive" {
  user   = aws_iam_user.operator.name
  status = "Inactive"
}

resource "aws_iam_access_key" "bad_replaced" {
  user = aws_iam_user.operator.name
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_iam_access_key" "ok_without_the_password_that_goes" {
  user = aws_iam_user.former.name
}

resource "aws_iam_access_key" "bad_with_a_password_that_is_only_forgotten" {
  user = aws_iam_user.forgotten.name
}

resource "aws_iam_access_key" "bad_imported" {
  user = aws_iam_user.imported.name
}

resource "aws_iam_access_key" "ok_robot" {
  user = aws_iam_user.robot.name
}
