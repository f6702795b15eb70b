# Tests of tools: pg_test(), pg_fuzz(), pg_integration(); see cmake/pierglass.cmake.
pg_test(discovery client)
pg_fuzz(discovery client)

# The set-up programs; without libxml2 there is only QEMU's own command line to read.
pg_fuzz(qemu_argv setup)
pg_fuzz(wayland setup)
if(TARGET PkgConfig::LIBXML2)
	foreach(golden doctor setup)
		add_test(NAME ${golden}_golden COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/${golden}-golden
			WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
		set_tests_properties(${golden}_golden PROPERTIES TIMEOUT 180 LABELS integration
			SKIP_RETURN_CODE 77
			ENVIRONMENT "PG_BUILD=${CMAKE_BINARY_DIR};PG_SOURCE=${CMAKE_SOURCE_DIR}")
	endforeach()
	add_test(NAME guide_steps COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/guide-steps
		WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
	set_tests_properties(guide_steps PROPERTIES TIMEOUT 60 LABELS "integration;once"
		ENVIRONMENT "PG_BUILD=${CMAKE_BINARY_DIR};PG_SOURCE=${CMAKE_SOURCE_DIR}")
	pg_test(vm_info setup)
	pg_test(setup_xml setup)
	pg_fuzz(domain_xml setup)
	pg_integration(libvirt libvirt)
endif()
pg_integration(firewall firewall)

# Ends setup in the middle of its work.
add_library(stop_at MODULE support/stop_at.c)
target_compile_definitions(stop_at PRIVATE _GNU_SOURCE)
target_link_libraries(stop_at PRIVATE ${CMAKE_DL_LIBS})
set_target_properties(stop_at PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
pg_integration(setup_killed setup-killed)
pg_integration(setup_sudo setup-sudo)
pg_integration(domains_started domains-started)
# Preloading does not go with sanitizers, and their code runs in setup_golden.
set_property(TEST setup_killed setup_sudo domains_started APPEND PROPERTY LABELS once)
foreach(session x11 pipewire weston sway)
	pg_integration(doctor_live_${session} doctor-live ${session})
	set_property(TEST doctor_live_${session} APPEND PROPERTY LABELS once)
endforeach()
pg_integration(mistakes mistakes)
