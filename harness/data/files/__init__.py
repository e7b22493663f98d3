"""Image files and folders: listed, looked at, refused or left out, remembered."""
