# Unit tests of common/.

# rowd_unit_allocations(NAME): in the test NAME the n-th allocation can be made to fail (tests/support/allocations.h).
function(rowd_unit_allocations name)
	target_sources(unit_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/allocations.c)
	target_link_options(unit_${name} PRIVATE -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc)
endfunction()

# rowd_unit_pieces(NAME): in the test NAME each piece that an arena hands out can be made to fail, too.
function(rowd_unit_pieces name)
	rowd_unit_allocations(${name})
	target_sources(unit_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/arena_pieces.c)
	target_link_options(unit_${name} PRIVATE -Wl,--wrap=arena_alloc,--wrap=arena_alloc_array,--wrap=arena_copy)
endfunction()

rowd_unit(arena rowd_common)
rowd_unit_allocations(arena)
rowd_unit(buffer rowd_common)
rowd_unit_allocations(buffer)
rowd_unit(text rowd_common) # utf8, base64, number, nearest
rowd_unit(error rowd_common)
rowd_unit(ranges rowd_common)
rowd_unit_allocations(ranges)
rowd_unit(fingerprint rowd_common)
rowd_unit_pieces(fingerprint)
rowd_unit(key_set rowd_common)
rowd_unit(scan rowd_common)
rowd_unit_allocations(scan)
foreach(name message message_faults)
	rowd_unit(${name} rowd_common)
	target_sources(unit_${name} PRIVATE message_support.c)
endforeach()
rowd_unit_pieces(message_faults)
rowd_unit(writer rowd_common msgpack_judge) # msgpack-c's packer says what is right
rowd_unit_allocations(writer)
foreach(name command command_faults)
	rowd_unit(${name} rowd_common)
	target_sources(unit_${name} PRIVATE command_support.c)
endforeach()
rowd_unit_pieces(command)
rowd_unit(reply rowd_common)
rowd_unit_pieces(reply)

# Debian's Python, which has Debian's python3-jsonschema, whatever else is in PATH.
add_test(NAME unit.schemas COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/schemas.py)
