# Writes a C table of Lua scripts: name, text, SHA1. Who includes it has the enum: SCRIPT_ADOPT, …, SCRIPT_COUNT. Run as:
#   cmake -DDIRECTORY=scripts -DNAMES=adopt,bury,… -DOUTPUT=scripts.inc -P EmbedScripts.cmake
string(REPLACE "," ";" names "${NAMES}")
set(texts "")
set(rows "")
foreach(name IN LISTS names)
	set(file "${DIRECTORY}/${name}.lua")
	file(READ "${file}" hex HEX)
	file(SHA1 "${file}" sha1) # Redis names a script by the SHA1 of its text
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
	string(TOUPPER "${name}" upper)
	string(APPEND texts "static const unsigned char text_${name}[] = {${bytes}};\n")
	string(APPEND rows "\t[SCRIPT_${upper}] = {\"${name}\", \"${sha1}\", text_${name}, sizeof(text_${name})},\n")
endforeach()
file(WRITE "${OUTPUT}.new" "/* Made from the .lua files in a folder named scripts. Do not edit. */
${texts}
static const struct {
	const char *name;
	const char *sha1;
	const unsigned char *text;
	unsigned long size;
} scripts[SCRIPT_COUNT] = {
${rows}};
")
execute_process(COMMAND ${CMAKE_COMMAND} -E copy_if_different "${OUTPUT}.new" "${OUTPUT}")
file(REMOVE "${OUTPUT}.new")
