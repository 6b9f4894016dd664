"""Chat with the home: a conversation agent or an AI partner answers what people write.

Here it is decided who is answered, in which order, and what is said when there is no answer. Incoming messages arrive
by dispatcher signal; nothing here asks the library for them.

And the other way round: the tools by which any conversation agent of Home Assistant reaches people (`agent_…`), for
whichever user talks to it.
"""
