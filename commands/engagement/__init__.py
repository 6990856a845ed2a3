"""What can be asked of opens and clicks."""
