# Unit tests of the options and the command line.
rowd_unit(options rowd_options)
rowd_unit(url rowd_common)
rowd_unit(log rowd_common)
rowd_unit(csv rowd_import)
rowd_unit(sql_text rowd_import)
