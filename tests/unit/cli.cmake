# Unit tests of cli/.

rowd_unit(histogram rowd_common)
target_sources(unit_histogram PRIVATE ${PROJECT_SOURCE_DIR}/cli/bench/histogram.c)
rowd_unit(letter rowd_common)
target_sources(unit_letter PRIVATE ${PROJECT_SOURCE_DIR}/cli/glance.c ${PROJECT_SOURCE_DIR}/cli/dead/letter.c ${PROJECT_SOURCE_DIR}/cli/dead/letter_write.c)
rowd_unit_pieces(letter)
