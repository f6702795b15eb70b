# Build-time: completions and the lists of options in the manual.
pg_program(options-doc SOURCES options-doc.c USES client)
set_target_properties(options-doc PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tools)
