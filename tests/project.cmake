# Tests of the project itself: its sources, what it installs, the whole client under displays.

# pg_source_check(name script [args ...]): reads sources only, so once is enough.
function(pg_source_check name script)
	pg_integration(${name} ${script} ${ARGN})
	set_property(TEST ${name} APPEND PROPERTY LABELS source)
endfunction()

pg_source_check(layers layers)
pg_source_check(words words)
foreach(part files entry metainfo unit icons)
	pg_source_check(install_${part} install ${part})
endforeach()
