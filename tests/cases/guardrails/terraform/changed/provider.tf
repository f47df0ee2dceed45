terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

# The address of an emulated IAM on loopback.
variable "iam" {}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "emulated"
  secret_key                  = "not-a-secret"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  endpoints {
    iam = var.iam
  }
}
