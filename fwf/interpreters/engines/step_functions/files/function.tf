# The worker, as a function of AWS Lambda: from function.zip, or one that is there already.

variable "function_arn" {
  description = "Of a version of a function that is there, such as arn:…:function:worker:7; if empty, it is made here."
  type        = string
  default     = ""
}

variable "function_role_arn" {
  description = "Of a role that lambda.amazonaws.com may assume: it may write logs, read and write below the store, and what the tasks need."
  type        = string
  default     = ""
}

variable "store" {
  description = "Where large values and claims are kept: s3://bucket/prefix."
  type        = string
}

variable "claims" {
  description = "Where claims are kept, if not in the store: postgresql://…."
  type        = string
  default     = ""
}

variable "memory" {
  description = "The function's memory, in MB."
  type        = number
  default     = 512
}

variable "environment" {
  description = "More variables of the function's environment."
  type        = map(string)
  default     = {}
}

locals {
  function_arn = var.function_arn != "" ? var.function_arn : aws_lambda_function.worker[0].qualified_arn
}

resource "aws_lambda_function" "worker" {
  count            = var.function_arn == "" ? 1 : 0
  function_name    = "fwf-${var.name}"
  role             = var.function_role_arn
  handler          = "fwf.interpreters.engines.worker.lambda_handler.handler"
  runtime          = "python3.12"
  filename         = "${path.module}/function.zip"
  source_code_hash = filebase64sha256("${path.module}/function.zip")
  timeout          = 900
  memory_size      = var.memory
  # A version for each package: an execution that has begun goes on with the one it began with.
  publish = true

  environment {
    variables = merge(var.environment, { FWF_STORE = var.store, FWF_CLAIMS = var.claims })
  }
}
