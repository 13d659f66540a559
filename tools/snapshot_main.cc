// adit_snapshot BUNDLE OUT: runs the builtins' bundle once and writes the heap as the start-up snapshot. Build-time only.
#include <cstdio>
#include <fstream>
#include <iterator>

#include "cli/op_table.h"
#include "js/platform.h"
#include "js/snapshot.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: adit_snapshot BUNDLE OUT\n");
    return 2;
  }
  std::ifstream in(argv[1], std::ios::binary);
  std::string bundle(std::istreambuf_iterator<char>(in), {});
  auto platform = adit::js::Platform::create();
  auto blob = adit::js::build_snapshot(adit::cli::make_op_table(), bundle);
  if (blob.is_error()) {
    std::fprintf(stderr, "adit_snapshot: %s\n", blob.error().full_message().c_str());
    return 1;
  }
  std::ofstream out(argv[2], std::ios::binary | std::ios::trunc);
  out << blob.value();
  out.close();
  return out.good() ? 0 : 1;
}
