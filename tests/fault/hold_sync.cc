// A disk that is slow or fails, under a real server: preloaded (LD_PRELOAD), it makes fdatasync wait while the file HOLD_SYNC names exists, and
// fail with EIO while the one FAIL_SYNC names does. Owner: tests/e2e/fault. Invariant: without those files it changes nothing.
#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace {

bool exists(const char* variable) {
  const char* path = getenv(variable);
  return path && access(path, F_OK) == 0;
}

}  // namespace

extern "C" int fdatasync(int file) {
  while (exists("HOLD_SYNC")) usleep(2000);
  if (exists("FAIL_SYNC")) {
    errno = EIO;
    return -1;
  }
  using Sync = int (*)(int);
  static auto* real = reinterpret_cast<Sync>(dlsym(RTLD_NEXT, "fdatasync"));
  return real(file);
}
