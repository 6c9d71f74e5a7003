"""Login by others: a trusted proxy or an OpenID provider says who somebody is."""
