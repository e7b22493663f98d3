"""The layout of image folders: which are parts, which are classes, and what lies beside them."""
