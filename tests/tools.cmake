# Tests of tools: pg_test(), pg_fuzz(), pg_integration(); see cmake/pierglass.cmake.
pg_test(discovery client)
pg_fuzz(discovery client)

# The set-up programs.
add_test(NAME doctor_golden COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/doctor-golden
	WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(doctor_golden PROPERTIES TIMEOUT 120 LABELS unit SKIP_RETURN_CODE 77
	ENVIRONMENT "PG_BUILD=${CMAKE_BINARY_DIR};PG_SOURCE=${CMAKE_SOURCE_DIR}")
pg_test(vm_info setup)
pg_test(setup_xml setup)
pg_fuzz(domain_xml setup)
pg_fuzz(qemu_argv setup)
pg_fuzz(wayland setup)
