"""Second attempt at an unreadable answer: its words are compared with the question, and redone.

Each module rewrites a text that the reader of a kind refused, and only where arithmetic or the
question proves what the rest means. The words that it drops are still judged by the screening.
"""
