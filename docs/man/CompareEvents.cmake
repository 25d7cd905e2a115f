# Fails when the list of log events and the code disagree. Run as:
#   cmake -DLIST=events.txt -DSOURCE=daemon -DLOG=common/log.c -P CompareEvents.cmake
cmake_minimum_required(VERSION 3.25)

file(STRINGS ${LIST} lines REGEX "^[a-z]")
list(TRANSFORM lines REPLACE " .*" "" OUTPUT_VARIABLE listed)

file(GLOB_RECURSE files ${SOURCE}/*.c)
list(APPEND files ${LOG})
set(used "")
foreach(file IN LISTS files)
	file(READ ${file} text)
	# Of this form too, and no event: the places where tests let the process die.
	string(REGEX REPLACE "CRASH_POINT[A-Z_]*\\(\"[a-z_]+\\.[a-z_]+\"\\)" "" text "${text}")
	# A name is the only text of this form that is no file's.
	string(REGEX MATCHALL "\"[a-z_]+\\.[a-z_]+\"" names "${text}")
	list(APPEND used ${names})
endforeach()
list(TRANSFORM used REPLACE "\"" "")
list(FILTER used EXCLUDE REGEX "\\.(inc|h|sql|conf)$")
list(REMOVE_DUPLICATES used)

foreach(name IN LISTS used)
	if(NOT name IN_LIST listed)
		message(SEND_ERROR "the event ${name} is not in ${LIST}")
	endif()
endforeach()
foreach(name IN LISTS listed)
	if(NOT name IN_LIST used)
		message(SEND_ERROR "no code logs the event ${name} of ${LIST}")
	endif()
endforeach()
