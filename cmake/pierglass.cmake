# What every target of the project shares: language, warnings, sanitizers, and the
# four functions that the folders use. See HACKING.md.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

option(PG_WERROR "Treat warnings as errors (tools/check does)" OFF)
set(PG_TESTS AUTO CACHE STRING "Build the tests: ON, OFF, or AUTO: where cmocka and libzstd are installed")
option(PG_TRACE "Compile in log_trace() (per frame and packet)" OFF)
set(PG_SANITIZE "" CACHE STRING "address,undefined or thread")
option(PG_LIBFUZZER "Build the fuzz targets for libFuzzer, too (with clang; tests/long/fuzz does)" OFF)

# A player who types "cmake -B build" has no use for the tests, and need not install what they need.
set(PG_BUILD_TESTS ${PG_TESTS})
if(PG_TESTS STREQUAL "AUTO")
	set(PG_BUILD_TESTS ON)
	pkg_check_modules(PG_TEST_LIBRARIES QUIET cmocka libzstd)
	if(NOT PG_TEST_LIBRARIES_FOUND)
		set(PG_BUILD_TESTS OFF)
		message(STATUS "The tests are not built: they need cmocka and libzstd (packages: tools/install-packages check)")
	endif()
endif()

if(NOT CMAKE_BUILD_TYPE)
	set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")

add_library(pg_flags INTERFACE)
target_compile_options(pg_flags INTERFACE -std=gnu11 -fvisibility=hidden -fno-common
	-Wall -Wextra -Wshadow -Wvla -Wundef -Wpointer-arith -Wcast-qual -Wwrite-strings
	-Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wimplicit-fallthrough
	-Wdouble-promotion -Wconversion
	$<$<NOT:$<BOOL:$<TARGET_PROPERTY:PG_SIGN_CONVERSION>>>:-Wno-sign-conversion>
	# clang also warns in the middle of the system's macros (INFINITY, OpenSSL's casts) and of functions that
	# take a va_list; gcc judges these three.
	$<$<C_COMPILER_ID:Clang>:-Wno-double-promotion -Wno-cast-qual -Wno-format-nonliteral>)
target_compile_definitions(pg_flags INTERFACE _GNU_SOURCE
	PG_VERSION="${PROJECT_VERSION}"
	PG_BINDIR="${CMAKE_INSTALL_FULL_BINDIR}"
	PG_LIBEXECDIR="${CMAKE_INSTALL_FULL_LIBEXECDIR}/pierglass"
	PG_DATADIR="${CMAKE_INSTALL_FULL_DATADIR}"
	PG_LOCALEDIR="${CMAKE_INSTALL_FULL_LOCALEDIR}"
	$<$<BOOL:${PG_TRACE}>:PG_TRACE>)
target_include_directories(pg_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_link_libraries(pg_flags INTERFACE Threads::Threads m)
# A program loads the libraries that it calls, not all that a folder below it may need.
target_link_options(pg_flags INTERFACE -Wl,--as-needed)
if(PG_WERROR)
	target_compile_options(pg_flags INTERFACE -Werror)
endif()
if(PG_SANITIZE)
	if(PG_WERROR AND PG_SANITIZE STREQUAL "thread")
		target_compile_options(pg_flags INTERFACE -include ${CMAKE_SOURCE_DIR}/cmake/c23_strings.h)
	endif()
	target_compile_options(pg_flags INTERFACE -fsanitize=${PG_SANITIZE}
		-fno-sanitize-recover=all -fno-omit-frame-pointer)
	target_link_options(pg_flags INTERFACE -fsanitize=${PG_SANITIZE})
	target_compile_definitions(pg_flags INTERFACE PG_SANITIZED)
	if(PG_LIBFUZZER)
		# So that libFuzzer sees the branches of the code under test, not only of its own file.
		target_compile_options(pg_flags INTERFACE -fsanitize=fuzzer-no-link)
	endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
	# What the compiler has of these: older ones take level 3 for a mistake, and clang 14 has no initialisation of variables.
	include(CheckCCompilerFlag)
	include(CheckCSourceCompiles)
	set(hardening -fstack-protector-strong)
	foreach(flag -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero)
		string(MAKE_C_IDENTIFIER "PG_HAS${flag}" has)
		check_c_compiler_flag(${flag} ${has})
		if(${has})
			list(APPEND hardening ${flag})
		endif()
	endforeach()
	set(CMAKE_REQUIRED_FLAGS "-Werror -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
	check_c_source_compiles("#include <string.h>\nint main(int argc, char **argv) { char to[8]; return memcpy(to, argv[0], (size_t)argc) == argv; }"
		PG_HAS_FORTIFY_3)
	unset(CMAKE_REQUIRED_FLAGS)
	target_compile_options(pg_flags INTERFACE ${hardening} -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$<IF:$<BOOL:${PG_HAS_FORTIFY_3}>,3,2>)
	target_link_options(pg_flags INTERFACE -Wl,-z,relro -Wl,-z,now)
endif()

# Every library and program of ours, in the order in which CMake meets them: targets.txt, which
# tests/integration/layers compares with what it saw. What a target uses must stand above it.
file(WRITE ${CMAKE_BINARY_DIR}/targets.txt "")
function(pg_met name)
	file(APPEND ${CMAKE_BINARY_DIR}/targets.txt "${name}\n")
	foreach(used ${ARGN})
		if(NOT TARGET pg_${used})
			message(FATAL_ERROR "${name} USES ${used}, which does not stand above it")
		endif()
	endforeach()
endfunction()

# pg_library(name SOURCES a.c b.c USES base ... [PKG sdl2 ...] [SIGN_CONVERSION])
# A folder's library. USES is all of ours that it may include; PKG are pkg-config modules.
function(pg_library name)
	cmake_parse_arguments(L "SIGN_CONVERSION" "" "SOURCES;USES;PKG" ${ARGN})
	add_library(pg_${name} STATIC ${L_SOURCES})
	pg_met(${name} ${L_USES})
	target_link_libraries(pg_${name} PUBLIC pg_flags)
	foreach(used ${L_USES})
		target_link_libraries(pg_${name} PUBLIC pg_${used})
	endforeach()
	pg_packages(pg_${name} ${L_PKG})
	if(L_SIGN_CONVERSION)
		# A property, because options of ours would stand before those of pg_flags and lose.
		set_target_properties(pg_${name} PROPERTIES PG_SIGN_CONVERSION ON)
	endif()
endfunction()

function(pg_packages target)
	foreach(module ${ARGN})
		string(MAKE_C_IDENTIFIER ${module} id)
		if(NOT TARGET PkgConfig::${id})
			pkg_check_modules(${id} REQUIRED IMPORTED_TARGET GLOBAL ${module})
		endif()
		target_link_libraries(${target} PUBLIC PkgConfig::${id})
	endforeach()
endfunction()

# Everything a player needs and no test: what tools/play builds.
add_custom_target(programs)

# pg_program(name SOURCES main.c USES client [INSTALL bin|libexec])
function(pg_program name)
	cmake_parse_arguments(P "" "INSTALL" "SOURCES;USES;PKG" ${ARGN})
	add_executable(${name} ${P_SOURCES})
	pg_met(${name} ${P_USES})
	target_link_libraries(${name} PRIVATE pg_flags)
	foreach(used ${P_USES})
		target_link_libraries(${name} PRIVATE pg_${used})
	endforeach()
	pg_packages(${name} ${P_PKG})
	if(P_INSTALL)
		add_dependencies(programs ${name})
	endif()
	if(P_INSTALL STREQUAL "bin")
		install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
	elseif(P_INSTALL STREQUAL "libexec")
		install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/pierglass)
	endif()
endfunction()

# No state of the machine decides a test, as in tools/check: messages in English, no session and no configuration of the user.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/home)
function(pg_test_environment name)
	set(changes "LC_ALL=set:C.UTF-8;HOME=set:${CMAKE_BINARY_DIR}/home")
	foreach(variable LANGUAGE XDG_CONFIG_HOME XDG_STATE_HOME XDG_DATA_HOME DISPLAY WAYLAND_DISPLAY PULSE_SERVER
			DBUS_SESSION_BUS_ADDRESS SDL_VIDEODRIVER)
		list(APPEND changes "${variable}=unset:")
	endforeach()
	set_tests_properties(${name} PROPERTIES ENVIRONMENT_MODIFICATION "${changes}")
endfunction()

# pg_test(room/module library [library ...]): the unit test of a module, tests/<room>/test_<module>.c,
# under cmocka, 10 s, label unit. Its name is that of the module.
function(pg_test path)
	get_filename_component(module ${path} NAME)
	get_filename_component(room ${path} DIRECTORY)
	if(NOT TARGET PkgConfig::cmocka)
		pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET GLOBAL cmocka)
	endif()
	add_executable(test_${module} ${CMAKE_SOURCE_DIR}/tests/${room}/test_${module}.c)
	target_link_libraries(test_${module} PRIVATE pg_flags PkgConfig::cmocka)
	foreach(used ${ARGN})
		target_link_libraries(test_${module} PRIVATE pg_${used})
	endforeach()
	set_target_properties(test_${module} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
	if(NOT TARGET unit-tests)
		add_custom_target(unit-tests)
	endif()
	add_dependencies(unit-tests test_${module})
	add_test(NAME ${module} COMMAND test_${module}
		WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
	set(limit 10)
	if(PG_SANITIZE)
		set(limit 60)
	endif()
	set_tests_properties(${module} PROPERTIES TIMEOUT ${limit} LABELS unit SKIP_RETURN_CODE 77)
	pg_test_environment(${module})
endfunction()

# pg_integration(name script [args ...]): tests/integration/<script>, 120 s, label integration.
# Exit 77 = skipped (what it needs is not on this machine; the last line it prints says what).
# PG_BUILD names the build folder. More labels that tools/check knows, for unit tests too, by
# set_property(TEST name APPEND PROPERTY LABELS ...): "timing" runs alone and not under
# sanitizers, "timing paced" beside others of its kind (it waits for a clock and needs little of a core),
# "once" not under sanitizers, "threads" also under TSan.
function(pg_integration name script)
	add_test(NAME ${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/${script} ${ARGN}
		WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
	set_tests_properties(${name} PROPERTIES TIMEOUT 120 LABELS integration SKIP_RETURN_CODE 77
		ENVIRONMENT "PG_BUILD=${CMAKE_BINARY_DIR};PG_SOURCE=${CMAKE_SOURCE_DIR}")
	pg_test_environment(${name})
endfunction()

# pg_fuzz(module library ...): tests/fuzz/fuzz_<module>.c and a test that replays
# tests/fuzz/corpus/<module>/. With PG_LIBFUZZER a libFuzzer target too.
function(pg_fuzz module)
	if(PG_LIBFUZZER AND NOT TARGET libfuzz)
		add_custom_target(libfuzz)
	endif()
	add_executable(fuzz_${module} fuzz/fuzz_${module}.c fuzz/replay.c)
	target_link_libraries(fuzz_${module} PRIVATE pg_flags)
	foreach(used ${ARGN})
		target_link_libraries(fuzz_${module} PRIVATE pg_${used})
	endforeach()
	set_target_properties(fuzz_${module} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
	add_test(NAME fuzz_${module} COMMAND fuzz_${module}
		${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${module})
	set_tests_properties(fuzz_${module} PROPERTIES TIMEOUT 120 LABELS fuzz)
	pg_test_environment(fuzz_${module})
	if(PG_LIBFUZZER)
		add_executable(libfuzz_${module} fuzz/fuzz_${module}.c)
		add_dependencies(libfuzz libfuzz_${module})
		target_link_libraries(libfuzz_${module} PRIVATE pg_flags)
		target_compile_options(libfuzz_${module} PRIVATE -fsanitize=fuzzer)
		target_link_options(libfuzz_${module} PRIVATE -fsanitize=fuzzer)
		foreach(used ${ARGN})
			target_link_libraries(libfuzz_${module} PRIVATE pg_${used})
		endforeach()
		set_target_properties(libfuzz_${module} PROPERTIES
			RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
	endif()
endfunction()
