-- Where a message goes whose attempt is under way while a person corrects its address: it belongs to the new one by then.
-- Nothing else has it, and it goes with the end of the attempt.
ALTER TABLE messages ADD COLUMN under_way_to TEXT COLLATE "C";
