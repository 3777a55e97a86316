"""Jobs, domain events and the live stream: how an earlier room wakes a later one."""
