"""What every probe is built from: the vocabulary, observations, rules and the one network door."""
