# Writes error_codes.h from schemas/errors.json: the enum of the codes, in the list's order, and one row each for the
# table in common/error.c. Run as: cmake -DINPUT=errors.json -DOUTPUT=error_codes.h -P GenerateErrors.cmake
file(READ "${INPUT}" json)
string(JSON count LENGTH "${json}")
math(EXPR last "${count} - 1")
set(codes "")
set(rows "")
foreach(i RANGE ${last})
	string(JSON code GET "${json}" ${i} code)
	string(JSON status GET "${json}" ${i} status)
	string(JSON retryable GET "${json}" ${i} retryable)
	string(JSON meaning GET "${json}" ${i} meaning)
	string(TOLOWER "${retryable}" retryable)
	if(retryable STREQUAL "on")
		set(retryable true)
	elseif(retryable STREQUAL "off")
		set(retryable false)
	endif()
	string(REPLACE "\\" "\\\\" meaning "${meaning}")
	string(REPLACE "\"" "\\\"" meaning "${meaning}")
	string(APPEND codes "\tERROR_${code},\n")
	string(APPEND rows "\tX(${code}, ${status}, ${retryable}, \"${meaning}\") \\\n")
endforeach()
file(WRITE "${OUTPUT}.new" "/* Made from schemas/errors.json. Do not edit. */
#ifndef ERROR_CODES_H
#define ERROR_CODES_H

enum error_code {
	ERROR_NONE,
${codes}\tERROR_CODE_COUNT
};

/* X(code, status, retryable, meaning) */
#define ERROR_CODES(X) \\
${rows}

#endif
")
execute_process(COMMAND ${CMAKE_COMMAND} -E copy_if_different "${OUTPUT}.new" "${OUTPUT}")
file(REMOVE "${OUTPUT}.new")
