# Wayland protocols: wayland-scanner turns their XML into typed calls while the project is built.

find_program(WAYLAND_SCANNER wayland-scanner)
if(NOT WAYLAND_SCANNER)
	message(FATAL_ERROR "wayland-scanner is missing (packages: tools/install-packages build)")
endif()

# pg_wayland_protocol(library name staging-folder): protocols/<name>.xml of the folder at hand, or
# that of the system's wayland-protocols, where it has staging/<staging-folder>/<name>.xml.
function(pg_wayland_protocol library name staging)
	set(xml ${CMAKE_CURRENT_SOURCE_DIR}/protocols/${name}.xml)
	if(staging)
		pkg_get_variable(protocols wayland-protocols pkgdatadir)
		if(protocols AND EXISTS ${protocols}/staging/${staging}/${name}.xml)
			set(xml ${protocols}/staging/${staging}/${name}.xml)
		endif()
	endif()
	message(STATUS "Wayland protocol: ${xml}")
	set(to ${CMAKE_CURRENT_BINARY_DIR}/protocols)
	file(MAKE_DIRECTORY ${to})
	add_custom_command(OUTPUT ${to}/${name}.h
		COMMAND ${WAYLAND_SCANNER} client-header ${xml} ${to}/${name}.h DEPENDS ${xml} VERBATIM)
	add_custom_command(OUTPUT ${to}/${name}.c
		COMMAND ${WAYLAND_SCANNER} private-code ${xml} ${to}/${name}.c DEPENDS ${xml} VERBATIM)
	target_sources(pg_${library} PRIVATE ${to}/${name}.c ${to}/${name}.h)
	# Not ours to warn about.
	set_source_files_properties(${to}/${name}.c PROPERTIES COMPILE_OPTIONS -w)
	target_include_directories(pg_${library} SYSTEM PRIVATE ${to})
endfunction()
