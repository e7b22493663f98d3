"""What a picture in a file is: which formats are read, by what, and into which numbers."""
