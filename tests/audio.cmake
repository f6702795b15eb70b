# Tests of audio: pg_test(), pg_fuzz(), pg_integration(); see cmake/pierglass.cmake.
pg_test(scream audio)
pg_test(audio audio)
set_property(TEST audio APPEND PROPERTY LABELS threads)
pg_test(filter audio)
pg_test(player audio)
pg_test(resample audio)
pg_test(scream_shm audio)
pg_test(sound_owner audio)
pg_fuzz(scream audio)
set_tests_properties(player PROPERTIES TIMEOUT 60) # hours of simulated sound

# Records the monitor of a sink and judges what is heard.
add_executable(sound-probe support/sound_probe.c)
target_link_libraries(sound-probe PRIVATE pg_flags pg_audio pg_base)
set_target_properties(sound-probe PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

# Against a real sound server, packets from a namespace.
foreach(case demo drift burst pipewire stalls loss restart bridge flood formats silence owner)
	pg_integration(heard_${case} sound ${case})
	if(NOT case MATCHES "^(bridge|owner)$")
		set_property(TEST heard_${case} APPEND PROPERTY LABELS timing)
	endif()
endforeach()
pg_integration(scream_cli scream-cli)
