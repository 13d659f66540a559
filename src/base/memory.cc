#include "base/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace adit {
namespace {

int release_object(dl_phdr_info* object, size_t, void*) {
  auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    // A writable segment has pages of our own (relocations): those must stay.
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    auto begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    auto end = (object->dlpi_addr + segment.p_vaddr + segment.p_memsz) & ~(page - 1);
    // Best effort: a kernel that refuses keeps the pages.
    if (end > begin)
      (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // NOLINT(performance-no-int-to-ptr)
  }
  return 0;
}

}  // namespace

void release_unused_memory() {
  malloc_trim(0);
  dl_iterate_phdr(release_object, nullptr);
}

}  // namespace adit
