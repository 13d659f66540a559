# builtins/*.ts → one script (esbuild) → the start-up snapshot (adit_snapshot) → an object file that carries the blob.
file(GLOB_RECURSE ADIT_BUILTIN_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/builtins/*.ts)
list(FILTER ADIT_BUILTIN_SOURCES EXCLUDE REGEX "/builtins/node/")
set(ESBUILD ${CMAKE_SOURCE_DIR}/node_modules/.bin/esbuild)

add_custom_command(
  OUTPUT ${CMAKE_BINARY_DIR}/builtins.js
  COMMAND ${ESBUILD} ${CMAKE_SOURCE_DIR}/builtins/main.ts --bundle --format=iife --target=es2023 --keep-names=false
          --log-level=warning --outfile=${CMAKE_BINARY_DIR}/builtins.js
  DEPENDS ${ADIT_BUILTIN_SOURCES} ${CMAKE_SOURCE_DIR}/package-lock.json
  COMMENT "Bundling builtins")

adit_program(adit_snapshot SOURCES tools/snapshot_main.cc LINK adit_cli)

add_custom_command(
  OUTPUT ${CMAKE_BINARY_DIR}/snapshot.bin
  COMMAND adit_snapshot ${CMAKE_BINARY_DIR}/builtins.js ${CMAKE_BINARY_DIR}/snapshot.bin
  DEPENDS adit_snapshot ${CMAKE_BINARY_DIR}/builtins.js
  COMMENT "Making the start-up snapshot")
# builtins/node/*.ts → an archive of ES modules, embedded beside the snapshot and compiled when imported.
file(GLOB_RECURSE ADIT_NODE_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/builtins/node/*.ts)
find_program(NODE node REQUIRED)
add_custom_command(
  OUTPUT ${CMAKE_BINARY_DIR}/node_modules.bin
  COMMAND ${NODE} ${CMAKE_SOURCE_DIR}/tools/bundle-node-modules.mjs ${CMAKE_BINARY_DIR}/node_modules.bin
  DEPENDS ${ADIT_NODE_SOURCES} ${CMAKE_SOURCE_DIR}/tools/bundle-node-modules.mjs ${CMAKE_SOURCE_DIR}/package-lock.json
  COMMENT "Bundling the nodejs_compat modules")
file(WRITE ${CMAKE_BINARY_DIR}/node_modules.S
  ".section .rodata\n.balign 16\n.global adit_node_modules_begin\nadit_node_modules_begin:\n.incbin \"${CMAKE_BINARY_DIR}/node_modules.bin\"\n.global adit_node_modules_end\nadit_node_modules_end:\n.byte 0\n.section .note.GNU-stack,\"\",@progbits\n")
file(WRITE ${CMAKE_BINARY_DIR}/snapshot.S
  ".section .rodata\n.balign 16\n.global adit_snapshot_begin\nadit_snapshot_begin:\n.incbin \"${CMAKE_BINARY_DIR}/snapshot.bin\"\n.global adit_snapshot_end\nadit_snapshot_end:\n.byte 0\n.section .note.GNU-stack,\"\",@progbits\n")
enable_language(ASM)
set_source_files_properties(${CMAKE_BINARY_DIR}/node_modules.S PROPERTIES OBJECT_DEPENDS ${CMAKE_BINARY_DIR}/node_modules.bin)
set_source_files_properties(${CMAKE_BINARY_DIR}/snapshot.S PROPERTIES OBJECT_DEPENDS ${CMAKE_BINARY_DIR}/snapshot.bin)
