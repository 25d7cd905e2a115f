"""What the black-box tests stand on: private servers, a rowd process, a client that checks every message."""
