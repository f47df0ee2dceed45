# Everything here is created. The name of each access key carries its verdict.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "first-account"
  secret_key                  = "not-a-secret"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

# Another Region of the same account.
provider "aws" {
  alias                       = "west"
  region                      = "us-west-2"
  access_key                  = "first-account"
  secret_key                  = "not-a-secret"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

provider "aws" {
  alias                       = "second"
  region                      = "us-east-1"
  access_key                  = "second-account"
  secret_key                  = "not-a-secret"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

variable "people" {
  default = { ann = "operators", ben = "auditors" }
}

# What is built on this is known only after apply.
resource "terraform_data" "suffix" {
  input = "x"
}

locals {
  late_operator = aws_iam_user.late["ann"].name
}

# A console user and a robot with names that the plan knows.

resource "aws_iam_user" "operator" {
  name = "operator"
}

resource "aws_iam_user_login_profile" "operator" {
  user = aws_iam_user.operator.name
}

resource "aws_iam_user" "robot" {
  name = "robot"
}

resource "aws_iam_access_key" "bad_by_name" {
  user = aws_iam_user.operator.name
}

resource "aws_iam_access_key" "bad_by_id_that_is_not_known" {
  user = aws_iam_user.operator.id
}

resource "aws_iam_access_key" "bad_literal" {
  user = "operator"
}

resource "aws_iam_access_key" "bad_literal_in_other_case" {
  user = "Operator"
}

resource "aws_iam_access_key" "bad_with_pgp_key" {
  user    = aws_iam_user.operator.name
  pgp_key = "keybase:someone"
}

resource "aws_iam_access_key" "bad_active" {
  user   = aws_iam_user.operator.name
  status = "Active"
}

resource "aws_iam_access_key" "bad_with_a_status_that_is_not_known" {
  user   = aws_iam_user.operator.name
  status = terraform_data.suffix.output
}

resource "aws_iam_access_key" "bad_in_another_region" {
  provider = aws.west
  user     = "operator"
}

resource "aws_iam_access_key" "bad_through_a_data_source" {
  user = data.aws_iam_user.operator.user_name
}

data "aws_iam_user" "operator" {
  user_name  = "operator"
  depends_on = [aws_iam_user.operator]
}

resource "aws_iam_access_key" "bad_through_the_login_profile" {
  user = aws_iam_user_login_profile.operator.user
}

resource "aws_iam_access_key" "ok_inactive" {
  user   = aws_iam_user.operator.name
  status = "Inactive"
}

resource "aws_iam_access_key" "ok_of_the_same_name_in_another_account" {
  provider = aws.second
  user     = "operator"
}

resource "aws_iam_access_key" "ok_of_nobody" {
  count = 0
  user  = aws_iam_user.operator.name
}

resource "aws_iam_access_key" "ok_robot" {
  count = 2
  user  = aws_iam_user.robot.name
}

resource "aws_iam_access_key" "ok_of_a_user_from_elsewhere" {
  user = "elsewhere"
}

# A user from elsewhere who gets both here.

resource "aws_iam_user_login_profile" "visitor" {
  user = "visitor"
}

resource "aws_iam_access_key" "bad_of_a_user_from_elsewhere" {
  user = "visitor"
}

# Names that are known only after apply, by for_each and count.

resource "aws_iam_user" "late" {
  for_each = var.people
  name     = "${each.key}-${terraform_data.suffix.id}"
}

resource "aws_iam_user_login_profile" "late" {
  for_each = { for name, group in var.people : name => group if group == "operators" }
  user     = aws_iam_user.late[each.key].name
}

resource "aws_iam_user" "late_robot" {
  count = 2
  name  = "robot-${count.index}-${terraform_data.suffix.id}"
}

resource "aws_iam_access_key" "bad_late" {
  user = aws_iam_user.late["ann"].name
}

resource "aws_iam_access_key" "bad_late_of_all" {
  for_each = { ann = aws_iam_user.late["ann"].name }
  user     = each.value
}

resource "aws_iam_access_key" "ok_late" {
  user = aws_iam_user.late["ben"].name
}

resource "aws_iam_access_key" "ok_late_of_each" {
  for_each = toset(["ben"])
  user     = aws_iam_user.late[each.key].id
}

resource "aws_iam_access_key" "ok_late_robot" {
  count = 2
  user  = aws_iam_user.late_robot[count.index].name
}

resource "aws_iam_access_key" "ok_late_robot_by_element" {
  count = 2
  user  = element(aws_iam_user.late_robot[*].name, count.index)
}

resource "aws_iam_access_key" "bad_late_through_a_local" {
  user = local.late_operator
}

# The plan does not tell which of the two it is, and one has a password.
resource "aws_iam_access_key" "bad_late_and_undecided" {
  user = values(aws_iam_user.late)[0].name
}

# Modules: a person may get a password or a key inside, and gives its name away.

module "person" {
  source   = "./person"
  for_each = { operator = true, robot = false }
  name     = each.key
  suffix   = terraform_data.suffix.id
  console  = each.value
}

module "second_account" {
  source    = "./person"
  name      = "second"
  suffix    = "known"
  console   = true
  providers = { aws = aws.second }
}

resource "aws_iam_access_key" "bad_of_a_module" {
  user = module.person["operator"].name
}

resource "aws_iam_access_key" "ok_of_a_module" {
  user = module.person["robot"].name
}

resource "aws_iam_access_key" "ok_of_each_module" {
  for_each = toset(["robot"])
  user     = module.person[each.key].name
}

resource "aws_iam_access_key" "ok_of_the_name_of_another_account_in_a_module" {
  user = "second-known"
}

module "bad_keyring" {
  source = "./keyring"
  user   = module.person["operator"].name
}

module "ok_keyring" {
  source = "./keyring"
  user   = module.person["robot"].name
}

# Keys and indexes of for_each and count that are not those of the users.

locals {
  crew = {
    ann = { console = true }
    bob = { console = false }
  }
}

resource "aws_iam_user" "crew" {
  for_each = local.crew
  name     = "crew-${each.key}-${terraform_data.suffix.id}"
}

resource "aws_iam_user_login_profile" "crew" {
  for_each = { for name, user in aws_iam_user.crew : name => user.name if local.crew[name].console }
  user     = each.value
}

resource "aws_iam_access_key" "ok_filtered" {
  for_each = { for name, user in aws_iam_user.crew : name => user if !local.crew[name].console }
  user     = each.value.name
}

resource "aws_iam_access_key" "bad_filtered" {
  for_each = { for name, user in aws_iam_user.crew : name => user if local.crew[name].console }
  user     = each.value.name
}

resource "aws_iam_access_key" "ok_under_the_key_of_another" {
  for_each = { ann = "bob" }
  user     = aws_iam_user.crew[each.value].name
}

resource "aws_iam_access_key" "bad_under_the_key_of_another" {
  for_each = { bob = "ann" }
  user     = aws_iam_user.crew[each.value].name
}

variable "holders" {
  default = { bob = { user = "ann" } }
}

resource "aws_iam_access_key" "bad_by_a_variable" {
  for_each = var.holders
  user     = aws_iam_user.crew[each.value.user].name
}

resource "aws_iam_access_key" "bad_one_or_the_other" {
  user = var.people.ann == "operators" ? aws_iam_user.crew["ann"].name : aws_iam_user.crew["bob"].name
}

resource "aws_iam_access_key" "bad_cut_out_of_the_arn" {
  user = split("/", aws_iam_user.crew["ann"].arn)[1]
}

resource "aws_iam_access_key" "ok_first_of_a_splat" {
  user = (aws_iam_user.late_robot[*].name)[0]
}

resource "aws_iam_user_group_membership" "late_robot" {
  user   = aws_iam_user.late_robot[0].name
  groups = ["robots"]
}

resource "aws_iam_access_key" "ok_through_a_membership" {
  user = aws_iam_user_group_membership.late_robot.user
}
