# Tests of the project itself: its sources, what it installs, the whole client under displays.

# pg_source_check(name script): reads sources only, so once is enough.
function(pg_source_check name script)
	pg_integration(${name} ${script})
	set_property(TEST ${name} APPEND PROPERTY LABELS source)
endfunction()

pg_source_check(layers layers)
pg_source_check(words words)
