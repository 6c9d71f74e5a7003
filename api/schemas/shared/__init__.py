"""What schemas share: settings, changes, effects."""
