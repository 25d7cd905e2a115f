# Unit tests of queue/.
rowd_unit(holdings rowd_queue)
rowd_unit_allocations(holdings)
rowd_unit(reply_reader rowd_queue PkgConfig::HIREDIS)
rowd_unit_allocations(reply_reader)
rowd_unit(pipeline rowd_queue)
rowd_unit(link rowd_queue)
