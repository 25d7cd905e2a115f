# Unit tests of queue/.
