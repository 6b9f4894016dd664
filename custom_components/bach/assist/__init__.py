"""Chat with the home: messages of people answered by a conversation agent or an AI partner.

Who is answered, in which order, and what is said when there is no answer. What came in arrives by signal; nothing here
asks the library for messages.
"""
