# Unit tests of database/.
