"""Evidence in, diagnosis out: a library without a database, used by the command line and the desk."""
