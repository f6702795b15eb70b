# Tests of audio: pg_test(), pg_fuzz(), pg_integration(); see cmake/pierglass.cmake.
pg_test(scream audio)
pg_test(audio audio)
set_property(TEST audio APPEND PROPERTY LABELS threads)
pg_test(filter audio)
pg_test(latency_target audio)
pg_test(opus_stream audio)
pg_test(playout audio)
pg_test(pulse_loop audio)
pg_test(resample audio)
pg_test(scream_shm audio)
pg_test(sound_owner audio)
pg_fuzz(scream audio)
set_tests_properties(playout PROPERTIES TIMEOUT 240) # hours of simulated sound

# Ends of sound for the tests below: what records and judges a sink's monitor, the plainest player, a SPICE
# server whose guest records.
foreach(end sound-probe tone-player spice-recorder)
	string(REPLACE - _ source ${end})
	add_executable(${end} support/${source}.c)
	target_link_libraries(${end} PRIVATE pg_flags pg_audio pg_sim)
	set_target_properties(${end} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endforeach()

# Against a real sound server, packets from a namespace.
foreach(case demo drift burst pipewire stalls loss restart bridge flood formats silence owner)
	pg_integration(heard_${case} sound ${case})
endforeach()
set_property(TEST heard_demo heard_drift heard_burst heard_pipewire heard_stalls heard_loss heard_restart heard_flood
	APPEND PROPERTY LABELS timing)
set_property(TEST heard_formats heard_silence APPEND PROPERTY LABELS once)
foreach(case on off window)
	pg_integration(microphone_${case} microphone ${case})
	set_property(TEST microphone_${case} APPEND PROPERTY LABELS once)
endforeach()
pg_integration(microphone_qemu microphone-qemu)
set_property(TEST microphone_qemu APPEND PROPERTY LABELS once)
# hint and change take their time: tests/long/audio.
foreach(case heal unicast shm takeover spice offset)
	pg_integration(heard_${case} sound-paths ${case})
	set_property(TEST heard_${case} APPEND PROPERTY LABELS once)
endforeach()
foreach(case raw opus)
	pg_integration(heard_qemu_${case} sound-qemu ${case})
	set_property(TEST heard_qemu_${case} APPEND PROPERTY LABELS once)
endforeach()
pg_integration(scream_cli scream-cli)
pg_integration(bench_audio bench-audio)
set_property(TEST bench_audio APPEND PROPERTY LABELS timing)
