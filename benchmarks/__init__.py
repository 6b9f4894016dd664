"""What BACH costs, beside what the same job costs without it.

`script/bench` runs it, docs/performance.md explains it.
"""
