# Unit tests of common/.
