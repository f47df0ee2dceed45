variable "user" {}

module "inner" {
  source = "./inner"
  holder = { name = var.user }
}
