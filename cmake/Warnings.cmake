# One set of warnings for all code, tests included.
add_library(rowd_warnings INTERFACE)
target_compile_options(rowd_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes
	-Wmissing-prototypes -Wformat=2 -Wswitch-enum -Wvla -Wundef -Wpointer-arith -Wwrite-strings
	-fstack-protector-strong -fno-common)
if(ROWD_WERROR)
	target_compile_options(rowd_warnings INTERFACE -Werror)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT ROWD_SANITIZE)
	target_compile_options(rowd_warnings INTERFACE -D_FORTIFY_SOURCE=2)
	target_link_options(rowd_warnings INTERFACE -Wl,-z,relro,-z,now)
endif()
