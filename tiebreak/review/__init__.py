"""What people see of the queue and what they answer."""
