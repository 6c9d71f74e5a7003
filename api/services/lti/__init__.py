"""LTI 1.3: launches from learning platforms, and scores and rosters exchanged with them."""
