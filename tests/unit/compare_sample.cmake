# Fails when systemd/rowd.conf is not what `rowd config --sample` prints. Run as:
#   cmake -DROWD=rowd -DSAMPLE=rowd.conf -P compare_sample.cmake
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND ${ROWD} config --sample OUTPUT_VARIABLE printed COMMAND_ERROR_IS_FATAL ANY)
file(READ ${SAMPLE} kept)
if(NOT printed STREQUAL kept)
	message(FATAL_ERROR "${SAMPLE} is out of date: rowd config --sample > ${SAMPLE}")
endif()
