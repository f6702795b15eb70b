# Tests of spice: pg_test(), pg_fuzz(), pg_integration(); see cmake/pierglass.cmake.
pg_test(spice_golden spice)
pg_test(spice_peer spice)

# The session part alone, driven by lines: for the integration tests.
add_executable(session_driver support/session_driver.c)
target_link_libraries(session_driver PRIVATE pg_flags pg_client)
set_target_properties(session_driver PROPERTIES
	RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
pg_integration(spice_qemu spice-qemu)
pg_integration(spice_display_qemu spice-display)
pg_test(spice_display spice)
pg_test(spice_cursor spice)
pg_fuzz(spice_link spice)
pg_fuzz(spice_display spice)
pg_fuzz(spice_channels spice)
pg_fuzz(spice_peer spice)
pg_test(spice_agent spice)
pg_fuzz(spice_agent spice)
pg_test(session client)
set_tests_properties(session PROPERTIES TIMEOUT 60)
pg_test(clipboard client)
pg_test(spice_hostile client)
set_tests_properties(spice_hostile PROPERTIES TIMEOUT 60)
