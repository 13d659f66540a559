
# Native benchmarks, built on request only: cmake --build --preset release --target bench_http_hello
file(GLOB benchmarks CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/native/*.cc)
foreach(source ${benchmarks})
  get_filename_component(name ${source} NAME_WE)
  adit_program(bench_${name} SOURCES ${source} LINK adit_net adit_ledger)
  set_target_properties(bench_${name} PROPERTIES EXCLUDE_FROM_ALL ON)
endforeach()

# Faults: tests/fault/name.cc is a program that breaks things for real. kill9 runs ten rounds here; `kill9 50` is the long one.
adit_program(kill9 SOURCES tests/fault/kill9.cc LINK adit_net adit_ledger)
add_test(NAME fault_kill9 COMMAND kill9 10)

# Fuzz programs: src/MODULE/some/name_fuzz.cc becomes MODULE_some_name_fuzz (cmake --preset fuzz). clang's libFuzzer and sanitizers
# are linked in statically and, though made for the host's older C library, run on forky's (dep_runtime); without it the libraries of
# .deps do not link, because they want symbols that the host's C library lacks.
if(ADIT_FUZZ)
  # The builtins with counters, for targets that run them (src/web/fuzz_isolate.h).
  add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/fuzz_builtins.js
    COMMAND ${NODE} ${CMAKE_SOURCE_DIR}/tests/fuzz/bundle.mjs ${CMAKE_BINARY_DIR}/fuzz_builtins.js
    DEPENDS ${ADIT_BUILTIN_SOURCES} ${CMAKE_SOURCE_DIR}/tests/fuzz/bundle.mjs
    COMMENT "Bundling builtins with counters")
  add_custom_target(fuzz_builtins DEPENDS ${CMAKE_BINARY_DIR}/fuzz_builtins.js)
  file(GLOB_RECURSE fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*_fuzz.cc)
  foreach(source ${fuzzers})
    file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR}/src ${source})
    string(REGEX MATCH "^[^/]+" module ${path})
    string(REGEX REPLACE "/" "_" name ${path})
    string(REGEX REPLACE "\\.cc$" "" name ${name})
    add_executable(${name} EXCLUDE_FROM_ALL ${source})
    target_link_libraries(${name} PRIVATE adit_flags adit_${module} dep_runtime)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_compile_definitions(${name} PRIVATE ADIT_FUZZ_BUILTINS="${CMAKE_BINARY_DIR}/fuzz_builtins.js")
    add_dependencies(${name} fuzz_builtins)
  endforeach()
endif()

# The command line's goldens, where the program and node are there. At the end, when all targets are known.
function(adit_cli_goldens)
  find_program(NODE node)
  if(TARGET adit AND NODE)
    add_test(NAME cli_goldens COMMAND ${NODE} ${CMAKE_SOURCE_DIR}/tests/cli/run.mjs $<TARGET_FILE:adit>)
  endif()
endfunction()
cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL adit_cli_goldens)
# The programs: adit itself.
adit_program(adit SOURCES src/main.cc ${CMAKE_BINARY_DIR}/snapshot.S ${CMAKE_BINARY_DIR}/node_modules.S LINK adit_cli)

# Preloaded by tests/e2e/fault: see its head.
add_library(hold_sync MODULE tests/fault/hold_sync.cc)
set_target_properties(hold_sync PROPERTIES PREFIX "")
