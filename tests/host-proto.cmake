# Tests of host-proto: pg_test(), pg_fuzz(), pg_integration(); see cmake/pierglass.cmake.
pg_test(host-proto/shm host-proto)
pg_test(host-proto/lgmp sim host-proto)
pg_test(host-proto/lgmp_rules sim host-proto)
pg_test(host-proto/lgmp_model sim host-proto)
pg_test(host-proto/frame sim host-proto)
pg_test(host-proto/sim/demo_guest_steps sim host-proto)
pg_test(client/video/hostile sim host-proto)
pg_test(host-proto/lgmp_threads sim host-proto)
set_property(TEST lgmp_threads APPEND PROPERTY LABELS threads)

# Recorded sessions of real hosts, packed as they were delivered with their checksums.
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
add_library(pg_golden STATIC support/golden.c)
target_link_libraries(pg_golden PUBLIC pg_sim PkgConfig::zstd)
pg_test(host-proto/golden golden)
add_executable(golden-guest golden-guest.c)
target_link_libraries(golden-guest PRIVATE pg_golden)
set_target_properties(golden-guest PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

pg_fuzz(kvmfr_info host-proto)
pg_fuzz(frame host-proto)
pg_fuzz(cursor host-proto)
pg_fuzz(lgmp sim)
# cmocka's assertions, which abort where no test runs
foreach(target fuzz_lgmp libfuzz_lgmp)
	if(TARGET ${target})
		target_link_libraries(${target} PRIVATE PkgConfig::cmocka)
	endif()
endforeach()
pg_integration(golden_client golden)
pg_integration(demo_guest demo-guest)
# Its steps run under sanitizers in demo_guest_steps.
set_property(TEST demo_guest APPEND PROPERTY LABELS once)
