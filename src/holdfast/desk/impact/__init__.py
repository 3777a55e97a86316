"""Impact in numbers, each with its source, and what the customer does not allow or cannot bear."""
