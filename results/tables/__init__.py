"""What people and programs read: tables, the sentence, numbers with the digits they deserve."""
