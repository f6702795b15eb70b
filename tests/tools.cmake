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
	pg_test(vm_info setup)
	pg_test(setup_xml setup)
	pg_fuzz(domain_xml setup)
	pg_integration(libvirt libvirt)
endif()
pg_integration(firewall firewall)
