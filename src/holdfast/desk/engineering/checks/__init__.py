"""The checks of the gate, one module each; being a subclass in this folder is what registers one."""
