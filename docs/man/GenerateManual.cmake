# Fills @VERSION@, @OPTIONS@ and @EVENTS@ into a manual page. Run as:
#   cmake -DROWD=rowd -DVERSION=1.2.3 -DLIST=events.txt -DINPUT=rowd.8.in -DOUTPUT=rowd.8 -P GenerateManual.cmake
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND ${ROWD} config --manual OUTPUT_VARIABLE OPTIONS COMMAND_ERROR_IS_FATAL ANY)

file(STRINGS ${LIST} lines REGEX "^[a-z]")
set(EVENTS "")
foreach(line IN LISTS lines)
	string(REGEX MATCH "^([^ ]+) +(.*)$" matched "${line}")
	string(APPEND EVENTS ".TP\n.B ${CMAKE_MATCH_1}\n${CMAKE_MATCH_2}\n")
endforeach()
string(REPLACE "-" "\\-" EVENTS "${EVENTS}")
configure_file(${INPUT} ${OUTPUT} @ONLY)
