# Unit tests of cli/.

rowd_unit(histogram rowd_common)
target_sources(unit_histogram PRIVATE ${PROJECT_SOURCE_DIR}/cli/bench/histogram.c)
