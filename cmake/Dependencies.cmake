# The packages that rowd stands on, each as an imported target.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis>=0.14)
pkg_check_modules(LIBCRYPTO REQUIRED IMPORTED_TARGET libcrypto) # libmariadb-dev brings it
pkg_check_modules(LIBUV REQUIRED IMPORTED_TARGET libuv>=1.44)
pkg_check_modules(LIBMARIADB REQUIRED IMPORTED_TARGET libmariadb>=3.3)
pkg_check_modules(YAJL REQUIRED IMPORTED_TARGET yajl>=2.1)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
