"""Version of the distribution."""

VERSION = "0.1.1"
