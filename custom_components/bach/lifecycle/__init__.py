"""What keeps an entry true while it is loaded: recipients' entities, repairs, people and groups that move or go.

It follows events of the library and changes of the entry. It sends nothing.
"""
