"""Chat with the home: a conversation agent or an AI partner answers what people write.

Who is answered, in which order, and what is said when there is no answer. What came in arrives by dispatcher signal;
nothing here asks the library for messages.
"""
