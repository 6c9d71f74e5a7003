"""Attachments: images and PDF files that students add to text answers, stored as new images."""
