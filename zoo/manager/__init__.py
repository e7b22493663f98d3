"""How plugins are taken in: found, tried out in a sandbox, watched for tampering, registered one at a time."""
