"""Other people's files of weights: read without running code, unwrapped, and fitted to a model tensor by tensor."""
