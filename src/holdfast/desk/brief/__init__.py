"""The brief: pick a case up in five minutes. Facts only, each sentence with the place it comes from."""
