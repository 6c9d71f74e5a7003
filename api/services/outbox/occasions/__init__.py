"""Messages that a time causes: reminders of due times, and morning digests of waiting work."""
