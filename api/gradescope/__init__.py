"""Gradescope: an archive that grades there, without a server of ours."""
