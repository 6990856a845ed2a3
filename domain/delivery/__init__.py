"""What happens to a message between the queue and the relay's answer."""
