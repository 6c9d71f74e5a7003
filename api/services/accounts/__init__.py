"""Accounts: log-in, credentials, invitations, data export."""
