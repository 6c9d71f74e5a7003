"""Files of a course with one assignment and one course problem."""

from world import TEXT_PROBLEM

OWN = TEXT_PROBLEM.replace("why-small-kernels", "our-own-problem")
HW = """\
title: "no"
category: Homework
position: 3
timeline:
  release: "2026-11-01 08:00"
  due: "2026-11-02 13:00"
  late:
  - {credit: 1/3, days: 1}
  close: {days: 7}
attempts: 3
variants: original
by_attempt: [1, 2/3, 0.5]
groups:
- {id: best, drop_lowest: 1}
instructions: |
  One line: of two.

  And 'another'.
problems:
- problem: our-own-problem
- {problem: again, of: why-small-kernels, points: 7/2, group: best, voided: {cells: out}}
"""
COURSE = """\
slug: ours
title: Deep Learning
zone: Europe/Berlin
late_day_budget: 3
categories: [{id: Homework, weight: 33.5, drop_lowest: 1}, {id: Exam, weight: 2/3}]
"""
FILES = {"course.yaml": COURSE, "assignments/hw-1.yaml": HW, "problems/our-own-problem.yaml": OWN}
