// Runs the cases of src/worker/config/tests/*.test. A case is files in a made-up folder and runs over them:
//
//     ==== what it shows
//     ---- wrangler.toml            a file; its text is what follows
//     ---- run env=staging          loads the configuration: `in=` starts elsewhere, `config=`, `env=`, `var=NAME:VALUE`,
//                                   `env-file=`, `process=NAME:VALUE`; the expected diagnostics and JSON follow
//
// With ADIT_UPDATE_TESTS=1 the expectations are written anew; read the difference before committing it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "worker/config/config.h"
#include "worker/config/config_json.h"

namespace adit::worker {
namespace {

namespace fs = std::filesystem;

class MemoryFiles final : public ConfigFiles {
 public:
  std::map<std::string, std::string> files;
  std::optional<std::string> read(const fs::path& path) const override {
    auto found = files.find(path.string());
    return found == files.end() ? std::nullopt : std::optional(found->second);
  }
  bool is_file(const fs::path& path) const override { return files.contains(path.string()); }
};

// 2026-06-15, noon.
class FixedClock final : public Clock {
 public:
  int64_t monotonic_ns() const override { return 0; }
  int64_t unix_ms() const override { return 1781524800000; }
};

fs::path source_directory() {
  for (fs::path at = fs::read_symlink("/proc/self/exe"); at != at.parent_path(); at = at.parent_path()) {
    if (fs::exists(at / "src/worker/config/tests")) return at;
  }
  return {};
}

std::string run_case(const MemoryFiles& files, const std::string& arguments) {
  ConfigRequest request;
  request.directory = "/app";
  std::istringstream words(arguments);
  auto pair_of = [](const std::string& text) {
    return std::pair(text.substr(0, text.find(':')), text.substr(text.find(':') + 1));
  };
  for (std::string word; words >> word;) {
    size_t equals = word.find('=');
    std::string key = word.substr(0, equals), value = word.substr(equals + 1);
    if (key == "in") request.directory = fs::path("/app") / value;
    else if (key == "config") request.config_file = value;
    else if (key == "env") request.environment = value;
    else if (key == "env-file") request.env_files.emplace_back(value);
    else if (key == "var") request.vars.push_back(pair_of(value));
    else if (key == "process") request.process_env.insert(pair_of(value));
    else ADD_FAILURE() << "unknown argument of run: " << word;
  }
  LoadedConfig loaded = load_config(request, files, FixedClock());
  EXPECT_EQ(loaded.config.has_value(), !has_errors(loaded.diagnostics));
  return format_diagnostics(loaded.diagnostics) + (loaded.config ? config_as_json(*loaded.config) : "");
}

// Returns the file with what the runs print now; checks each against what it said.
std::string run_file(const fs::path& path, int& runs) {
  std::ifstream in(path);
  std::string out, title, line;
  MemoryFiles files;
  std::string* file = nullptr;  // being filled
  std::string arguments, expected;
  bool in_run = false;
  auto finish = [&] {
    if (!in_run) return;
    std::string actual = run_case(files, arguments);
    // A blank line may part an expectation from the next case.
    std::string blank = expected.ends_with("\n\n") || expected == "\n" ? "\n" : "";
    EXPECT_EQ(expected, actual + blank) << path.filename().string() << ": " << title << " (run " << arguments << ")";
    out += actual + blank;
    in_run = false;
    runs++;
  };
  while (std::getline(in, line)) {
    if (line.starts_with("==== ")) {
      finish();
      title = line.substr(5);
      files.files.clear();
      file = nullptr;
    } else if (line.starts_with("---- run")) {
      finish();
      arguments = line.substr(8);
      expected.clear();
      in_run = true;
      file = nullptr;
    } else if (line.starts_with("---- ")) {
      finish();
      file = &files.files[(fs::path("/app") / line.substr(5)).lexically_normal().string()];
      file->clear();
    } else if (in_run) {
      expected += line + "\n";
      continue;
    } else if (file) {
      *file += line + "\n";
    }
    out += line + "\n";
  }
  finish();
  return out;
}

TEST(config, every_case_of_the_test_files_prints_what_it_says) {
  fs::path tests = source_directory() / "src/worker/config/tests";
  ASSERT_TRUE(fs::is_directory(tests)) << "not run from a build folder inside the source tree";
  int runs = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(tests)) {
    if (entry.path().extension() != ".test") continue;
    std::string now = run_file(entry.path(), runs);
    if (std::getenv("ADIT_UPDATE_TESTS")) std::ofstream(entry.path()) << now;
  }
  EXPECT_GT(runs, 20);
}

}  // namespace
}  // namespace adit::worker
