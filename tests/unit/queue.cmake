# Unit tests of queue/.
rowd_unit(holdings rowd_queue)
