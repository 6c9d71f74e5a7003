"""HTML pages of the REST resources.

A page has the path of its API resource without the prefix, and calls the API route in
the same process. It therefore shows the same data and requires the same permissions.
"""
