"""Accounts: login, credentials, invitations, data export."""
