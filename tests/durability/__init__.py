"""The service while processes are killed, databases fail and disks are full; pytest is outside."""
