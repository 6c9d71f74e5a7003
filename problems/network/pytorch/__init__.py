"""Networks parsed from the text that PyTorch prints for a module."""
