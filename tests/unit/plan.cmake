# Unit tests of plan/.
