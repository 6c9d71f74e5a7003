"""Calendar feeds: secret addresses at which programs read the due times of a person."""
