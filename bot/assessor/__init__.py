"""Reading the rep: the reader, its labelled data and its training."""
