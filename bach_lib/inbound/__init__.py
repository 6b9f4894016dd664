"""Everything between the platform and those who wait for messages: receiver and inbox."""
