"""Template of a new problem file."""

from typing import Final

TEMPLATE: Final = r"""# A whole problem to change. "Check" says what is wrong, and stores nothing.
id: my-problem # every problem has another; the same id makes a new version
title: Size of a feature map
topic: convolution
difficulty: 1
# Numbers that each student gets drawn; the original is the textbook's.
params:
  W: {integers: [24, 64], original: 28}
  K: {choose: [3, 5, 7], original: 5}
# Markdown and TeX. {{W}} is the number of the student.
statement: |
  A picture of ${{W}}\times{{W}}$ enters a convolution with kernels of ${{K}}\times{{K}}$, stride 1
  and no padding.
parts:
  - id: side
    kind: integer
    prompt: How many pixels wide is the output?
    # A solver knows the usual mistakes and shows the way; W - K + 1 would do too.
    key: conv_size(W, K)
  # Marked by a person, with a rubric. Leave it out, or add more parts.
  - id: why
    kind: text
    points: 2
    prompt: Why is it smaller than the picture?
    model: A kernel must lie within the picture, and nothing is added around it.
    rubric:
      - {id: inside, points: 2, say: The kernel must lie within the picture.}
# What must become of answers to the original; checked each time.
examples:
  - answers: {side: (28 - 5) + 1 = 24}
    expect: {side: correct}
  - answers: {side: "23"}
    expect: {side: mistake}
"""
"""A problem that passes the check without a warning."""
