# Unit tests of database/.
rowd_unit(errors rowd_database_text)
rowd_unit(echo rowd_database_text)
rowd_unit(bookkeeping_text rowd_database)
rowd_unit(bookkeeping_memory rowd_database)
rowd_unit_allocations(bookkeeping_memory)
