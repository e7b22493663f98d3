"""From saved predictions and times to an order with its uncertainty."""
