"""Who finds the words: drafted lines here, a model by setting."""
