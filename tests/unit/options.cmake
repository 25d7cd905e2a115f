# Unit tests of the options and the command line.
foreach(name options options_sources options_print)
	rowd_unit(${name} rowd_options)
	target_sources(unit_${name} PRIVATE options_support.c)
endforeach()
rowd_unit(url rowd_common)
rowd_unit(log rowd_common)
rowd_unit(csv rowd_import)
rowd_unit(sql_text rowd_import)

# What is made from the code by hand or by list has to agree with it.
add_test(NAME docs.events COMMAND ${CMAKE_COMMAND} -DLIST=${PROJECT_SOURCE_DIR}/docs/man/events.txt
	-DSOURCE=${PROJECT_SOURCE_DIR}/daemon -DLOG=${PROJECT_SOURCE_DIR}/common/log.c -P ${PROJECT_SOURCE_DIR}/docs/man/CompareEvents.cmake)
add_test(NAME docs.sample COMMAND ${CMAKE_COMMAND} -DROWD=$<TARGET_FILE:rowd>
	-DSAMPLE=${PROJECT_SOURCE_DIR}/systemd/rowd.conf -P ${CMAKE_CURRENT_SOURCE_DIR}/compare_sample.cmake)
