"""What this machine is: cores, memory, devices."""
