# The state machine. Its definition has <function-arn> where the function goes.

variable "name" {
  description = "The state machine's name."
  type        = string
  default     = "MACHINE_NAME"
}

variable "role_arn" {
  description = "Of a role that states.amazonaws.com may assume, and that may invoke the function."
  type        = string
}

resource "aws_sfn_state_machine" "workflow" {
  name       = var.name
  role_arn   = var.role_arn
  definition = replace(file("${path.module}/definition.asl.json"), "<function-arn>", local.function_arn)
}

output "state_machine_arn" {
  value = aws_sfn_state_machine.workflow.arn
}

output "function_arn" {
  value = local.function_arn
}
