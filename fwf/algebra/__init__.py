"""What a workflow is. Data only: no input or output, no clock."""
