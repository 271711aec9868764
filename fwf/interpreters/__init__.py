"""What a workflow can mean. One file or folder each, strangers to one another."""
