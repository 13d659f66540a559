
# Native benchmarks, built on request only: cmake --build --preset release --target bench_http_hello
file(GLOB benchmarks CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/native/*.cc)
foreach(source ${benchmarks})
  get_filename_component(name ${source} NAME_WE)
  adit_program(bench_${name} SOURCES ${source} LINK adit_net)
  set_target_properties(bench_${name} PROPERTIES EXCLUDE_FROM_ALL ON)
endforeach()
