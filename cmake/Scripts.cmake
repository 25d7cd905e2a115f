# rowd_embed_scripts(OUTPUT DIRECTORY NAME...): the Lua scripts DIRECTORY/NAME.lua become one C table in the file OUTPUT,
# each with its SHA1.
function(rowd_embed_scripts output directory)
	list(TRANSFORM ARGN PREPEND ${directory}/ OUTPUT_VARIABLE files)
	list(TRANSFORM files APPEND .lua)
	string(REPLACE ";" "," names "${ARGN}")
	add_custom_command(
		OUTPUT ${output}
		COMMAND ${CMAKE_COMMAND} -DDIRECTORY=${directory} -DNAMES=${names} -DOUTPUT=${output}
			-P ${PROJECT_SOURCE_DIR}/cmake/EmbedScripts.cmake
		DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/EmbedScripts.cmake
		VERBATIM)
endfunction()
