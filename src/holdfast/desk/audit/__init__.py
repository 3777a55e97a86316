"""The ledger of the desk: every deed and every look at evidence, in a log that anybody can verify."""
