# Tests of the project itself: its sources, what it installs, the whole client under displays.

# pg_source_check(name script [args ...]): reads sources only, so once is enough.
function(pg_source_check name script)
	pg_integration(${name} ${script} ${ARGN})
	set_property(TEST ${name} APPEND PROPERTY LABELS once)
endfunction()

pg_source_check(layers layers)
pg_source_check(words words)
pg_source_check(wire_code wire-code)
pg_source_check(host_facts host-facts)
foreach(part files entry metainfo unit icons terminal)
	pg_source_check(install_${part} install ${part})
	# Each installs, which writes the prefix into files of the build folder first.
	set_property(TEST install_${part} PROPERTY RESOURCE_LOCK install)
endforeach()

# Watches an X screen from outside; for the tests that compare it with what the player says.
pkg_check_modules(xwatch IMPORTED_TARGET x11 xext)
if(xwatch_FOUND)
	add_executable(xwatch support/xwatch.c)
	target_link_libraries(xwatch PRIVATE pg_flags pg_base PkgConfig::xwatch)
	set_target_properties(xwatch PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endif()
pg_source_check(packages packages)
pg_source_check(docs docs)
pg_source_check(floors floors)
pg_source_check(without_cmocka without-cmocka)

# The whole client in a window: gui MODE CASE, see integration/gui_cases.py.
foreach(case picture letterbox resize restart keys sigterm stop soak)
	pg_integration(gui_x11_${case} gui x11 ${case})
endforeach()
foreach(case fit hidden invert memory neighbours pointer)
	pg_integration(gui_x11_${case} gui x11 ${case})
endforeach()
# The host of 2026 in the rows that the released one has; the soak is in tests/long/soak.
foreach(case picture letterbox resize restart pointer)
	pg_integration(gui_x11_${case}_34 gui x11 ${case} 34)
	set_property(TEST gui_x11_${case}_34 APPEND PROPERTY LABELS once)
endforeach()
pg_integration(gui_x11_guest_size gui x11 guest_size 34)
set_property(TEST gui_x11_guest_size APPEND PROPERTY LABELS once)
pg_integration(gui_x11_panel gui x11 panel)
pg_integration(process_start process-start)
foreach(case capture actions focus locks)
	pg_integration(gui_x11_${case} gui x11 ${case})
endforeach()
foreach(case picture keys sigterm capture actions)
	pg_integration(gui_weston_${case} gui weston ${case})
endforeach()
# What the desktops that players have do otherwise: one row of each kind here, more in tests/long/desktops.
foreach(case picture focus capture)
	pg_integration(gui_openbox_${case} gui openbox ${case})
	set_property(TEST gui_openbox_${case} APPEND PROPERTY LABELS once)
endforeach()
foreach(desktop kwin mutter)
	foreach(case picture keys)
		pg_integration(gui_${desktop}_${case} gui ${desktop} ${case})
		set_property(TEST gui_${desktop}_${case} APPEND PROPERTY LABELS once)
	endforeach()
endforeach()
foreach(case picture letterbox restart keys highdpi invert)
	pg_integration(gui_sway_${case} gui sway ${case})
endforeach()
foreach(case qemu_boot qemu_restart spice_size)
	pg_integration(gui_x11_${case} gui x11 ${case})
endforeach()
# The clipboard: clipboard MODE CASE, see integration/clipboard_cases.py.
foreach(case text image types cap faults switches)
	pg_integration(clipboard_x11_${case} clipboard x11 ${case})
endforeach()
foreach(case text image drop)
	pg_integration(clipboard_weston_${case} clipboard weston ${case})
endforeach()
foreach(case text image types cap faults)
	pg_integration(clipboard_sway_${case} clipboard sway ${case})
endforeach()
set_property(TEST clipboard_x11_cap APPEND PROPERTY LABELS timing)
# Waits and a second desktop's turn of the same code: once, plain, is enough.
set_property(TEST clipboard_x11_switches clipboard_weston_text clipboard_weston_image clipboard_sway_text clipboard_sway_cap
	clipboard_sway_faults gui_weston_capture gui_weston_actions gui_x11_stop gui_x11_hidden gui_x11_qemu_boot
	gui_x11_locks APPEND PROPERTY LABELS once)
pg_integration(gui_x11_watch gui x11 watch)
set_property(TEST gui_x11_watch APPEND PROPERTY LABELS timing)

# Under sanitizers as well these cost minutes (a guest that boots in an emulator) and run the code that the unit tests
# and fuzz targets of their modules run there: once, plain, is enough.
foreach(name evdev evdev_udev evdev_spice document_commands option_examples option_texts translations)
	if(TEST ${name})
		set_property(TEST ${name} APPEND PROPERTY LABELS once)
	endif()
endforeach()
