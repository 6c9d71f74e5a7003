"""Links by e-mail that set a password: invitations and resets."""
