"""Account routes: login, the caller's own account, and the users of the site."""
