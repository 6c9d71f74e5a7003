"""Score sheets: written, edited in a spreadsheet, and read back."""
