# Writes a text file as a C array. Run as:
#   cmake -DINPUT=rowd.sql -DNAME=rowd_sql -DOUTPUT=rowd_sql.inc -P EmbedText.cmake
file(READ "${INPUT}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
get_filename_component(name "${INPUT}" NAME)
file(WRITE "${OUTPUT}.new" "/* Made from ${name}. Do not edit. */
static const unsigned char ${NAME}[] = {${bytes}};
")
execute_process(COMMAND ${CMAKE_COMMAND} -E copy_if_different "${OUTPUT}.new" "${OUTPUT}")
file(REMOVE "${OUTPUT}.new")
