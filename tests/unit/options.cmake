# Unit tests of the options and the command line.
