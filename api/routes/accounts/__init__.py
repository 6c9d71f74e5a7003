"""Routes of accounts: log-in, the caller's account, and users of the site."""
