"""What connectors have in common: how they make tasks, and what they raise."""
