"""Links by e-mail: they set a password (invitations and resets), or unsubscribe."""
