"""What routes share: parameters, files, responses and edits."""
