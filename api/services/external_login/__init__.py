"""External login: a trusted proxy or an OpenID provider identifies the person."""
