# Unit tests of database/.
rowd_unit(errors rowd_database_text)
rowd_unit(echo rowd_database_text)
