"""The team's rooms, in the order of the work: what happens later knows what happened earlier."""
