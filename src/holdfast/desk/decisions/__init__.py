"""Who may decide what: rights as data, approvals asked for, given and counted, breaking glass, delegation."""
