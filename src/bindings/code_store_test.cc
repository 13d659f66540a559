#include "bindings/code_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace adit::bindings {
namespace {

namespace fs = std::filesystem;

class KeptCode : public testing::Test {
 protected:
  void SetUp() override {
    m_folder = fs::temp_directory_path() / ("adit-code-" + std::to_string(::getpid()));
    fs::remove_all(m_folder);
    m_store = open("1");
  }
  void TearDown() override { fs::remove_all(m_folder); }

  std::unique_ptr<CodeStore> open(std::string version) {
    return std::make_unique<CodeStore>(m_disk, m_folder, std::move(version), *m_loop, m_logger);
  }
  void keep(std::string_view source, std::string_view code) {
    m_store->keep(source, std::make_shared<const Bytes>(copy_bytes(code)));
    m_loop->run_pending();
  }
  std::optional<std::string> find(std::string_view source) {
    auto code = m_store->find(source);
    if (!code) return std::nullopt;
    return std::string(text_of(*code));
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& item : fs::recursive_directory_iterator(m_folder))
      if (item.is_regular_file()) found.push_back(item.path());
    return found;
  }

  ledger::SystemDisk m_disk;
  Logger m_logger{LogLevel::none, false};
  std::unique_ptr<net::Loop> m_loop = net::Loop::create().value();
  fs::path m_folder;
  std::unique_ptr<CodeStore> m_store;
};

TEST_F(KeptCode, is_found_by_its_source_also_by_the_next_process) {
  keep("let a = 1;", "compiled");
  EXPECT_EQ(find("let a = 1;"), "compiled");
  EXPECT_EQ(find("let a = 2;"), std::nullopt);
  m_store = open("1");
  EXPECT_EQ(find("let a = 1;"), "compiled");
}

TEST_F(KeptCode, of_another_version_of_v8_is_not_found) {
  keep("let a = 1;", "compiled");
  m_store = open("2");
  EXPECT_EQ(find("let a = 1;"), std::nullopt);
}

TEST_F(KeptCode, that_is_damaged_is_ignored_and_written_again) {
  keep("let a = 1;", "compiled");
  auto file = files().at(0);
  auto size = fs::file_size(file);
  {
    std::fstream damage(file, std::ios::in | std::ios::out | std::ios::binary);
    damage.seekp(static_cast<std::streamoff>(size) - 1);
    damage.put('?');
  }
  EXPECT_EQ(find("let a = 1;"), std::nullopt);
  EXPECT_TRUE(files().empty());
  keep("let a = 1;", "compiled");
  EXPECT_EQ(find("let a = 1;"), "compiled");
}

TEST_F(KeptCode, that_is_torn_is_ignored) {
  keep("let a = 1;", "compiled");
  for (uintmax_t size : {0, 10, 60}) {
    fs::resize_file(files().at(0), size);
    EXPECT_EQ(find("let a = 1;"), std::nullopt);
    keep("let a = 1;", "compiled");
    EXPECT_EQ(find("let a = 1;"), "compiled");
  }
}

TEST_F(KeptCode, is_bounded_in_size) {
  std::string large(30 << 20, 'x');
  for (int i = 0; i < 6; ++i) keep("source " + std::to_string(i), large);
  uintmax_t total = 0;
  for (const auto& file : files()) total += fs::file_size(file);
  EXPECT_LE(total, uintmax_t{128} << 20);
  EXPECT_EQ(find("source 0"), std::nullopt);
  EXPECT_TRUE(find("source 5"));
}

TEST_F(KeptCode, is_not_kept_where_nothing_can_be_written_and_nobody_minds) {
  std::ofstream(m_folder) << "a file";
  keep("let a = 1;", "compiled");
  EXPECT_EQ(find("let a = 1;"), std::nullopt);
}

}  // namespace
}  // namespace adit::bindings
