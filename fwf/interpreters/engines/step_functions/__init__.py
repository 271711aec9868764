"""AWS Step Functions: a workflow as a state machine whose tasks are a Lambda function."""
