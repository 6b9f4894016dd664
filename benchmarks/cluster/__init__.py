"""What several processes on one database carry, and what blows cost them: `script/bench cluster`.

Judged from outside: each process writes what it sent into a file, and who sends remembers what was accepted. Nothing
here asks the product whether it did right.
"""
