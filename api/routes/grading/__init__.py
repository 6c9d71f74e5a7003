"""Routes for manual marking and regrades."""
