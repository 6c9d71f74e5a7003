"""Pages: the REST resources as HTML, for people.

The address of a page is that of the API without its prefix, and a page calls the route of the API
in this process: so it can show nothing else, and asks for the same rights.
"""
