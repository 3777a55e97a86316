"""The queue: one order with its reasons, who works on what, what rots, and the reviews made from it."""
