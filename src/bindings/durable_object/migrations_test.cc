// Migrations as they change what is in the state directory, over a folder of their own.
#include "bindings/durable_object/migrations.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace adit::bindings::durable_object {
namespace {

namespace fs = std::filesystem;
using worker::Migration;
using worker::WorkerConfig;

class MigrationsTest : public ::testing::Test {
 protected:
  MigrationsTest() {
    char folder[] = "/tmp/adit-migrations-XXXXXX";
    m_folder = mkdtemp(folder);
  }
  ~MigrationsTest() override { fs::remove_all(m_folder); }

  Result<ClassTable> apply(const std::string& worker, std::vector<Migration> migrations) {
    WorkerConfig config;
    config.name = worker;
    config.migrations = std::move(migrations);
    m_destroyed.clear();
    return apply_migrations(m_folder, config, [this](const std::string& space) -> Result<void> {
      m_destroyed.push_back(space);
      return {};
    });
  }
  static Migration sqlite(const std::string& tag, const std::string& name) {
    Migration migration;
    migration.tag = tag;
    migration.new_sqlite_classes = {name};
    return migration;
  }
  static Migration renamed(const std::string& tag, const std::string& from, const std::string& to) {
    Migration migration;
    migration.tag = tag;
    migration.renamed_classes = {{from, to}};
    return migration;
  }
  static Migration deleted(const std::string& tag, const std::string& name) {
    Migration migration;
    migration.tag = tag;
    migration.deleted_classes = {name};
    return migration;
  }
  static Migration transferred(const std::string& tag, const std::string& from, const std::string& script,
                               const std::string& to) {
    Migration migration;
    migration.tag = tag;
    migration.transferred_classes = {{from, script, to}};
    return migration;
  }

  std::string m_folder;
  std::vector<std::string> m_destroyed;
};

TEST_F(MigrationsTest, a_new_class_gets_a_space_and_keeps_it) {
  auto first = apply("w", {sqlite("v1", "A")}).value();
  ASSERT_EQ(first.size(), 1u);
  auto& made = *first.at("A");
  EXPECT_TRUE(made.space.starts_with("do-"));
  EXPECT_TRUE(made.has_sql);
  auto again = apply("w", {sqlite("v1", "A")}).value();
  EXPECT_EQ(again.at("A")->space, made.space);
  EXPECT_EQ(again.at("A")->key, made.key);
}

TEST_F(MigrationsTest, a_class_of_new_classes_has_no_sql) {
  Migration old;
  old.tag = "v1";
  old.new_classes = {"A"};
  EXPECT_FALSE(apply("w", {old}).value().at("A")->has_sql);
}

TEST_F(MigrationsTest, workers_with_the_same_class_name_share_nothing) {
  auto one = apply("one", {sqlite("v1", "A")}).value();
  auto two = apply("two", {sqlite("v1", "A")}).value();
  EXPECT_NE(one.at("A")->space, two.at("A")->space);
  EXPECT_NE(one.at("A")->key, two.at("A")->key);
}

TEST_F(MigrationsTest, a_renamed_class_keeps_its_space) {
  auto before = apply("w", {sqlite("v1", "A")}).value();
  auto after = apply("w", {sqlite("v1", "A"), renamed("v2", "A", "B")}).value();
  EXPECT_FALSE(after.contains("A"));
  EXPECT_EQ(after.at("B")->space, before.at("A")->space);
  EXPECT_TRUE(after.at("B")->has_sql);
  EXPECT_TRUE(m_destroyed.empty());
}

TEST_F(MigrationsTest, each_is_done_once_in_the_order_of_the_list) {
  // Made, renamed away, and made anew: the second A is another class.
  std::vector<Migration> all{sqlite("v1", "A"), renamed("v2", "A", "B"), sqlite("v3", "A")};
  auto first = apply("w", all).value();
  EXPECT_NE(first.at("A")->space, first.at("B")->space);
  auto again = apply("w", all).value();
  EXPECT_EQ(again.at("A")->space, first.at("A")->space);
  EXPECT_EQ(again.at("B")->space, first.at("B")->space);
  // Step by step comes to the same.
  apply("x", {all[0]}).value();
  auto a = apply("x", {all[0]}).value().at("A")->space;
  apply("x", {all[0], all[1]}).value();
  auto last = apply("x", all).value();
  EXPECT_EQ(last.at("B")->space, a);
  EXPECT_NE(last.at("A")->space, a);
}

TEST_F(MigrationsTest, a_deleted_class_s_data_is_destroyed_and_a_new_one_of_its_name_begins_empty) {
  auto space = apply("w", {sqlite("v1", "A")}).value().at("A")->space;
  EXPECT_FALSE(apply("w", {sqlite("v1", "A"), deleted("v2", "A")}).value().contains("A"));
  EXPECT_EQ(m_destroyed, std::vector<std::string>{space});
  auto anew = apply("w", {sqlite("v1", "A"), deleted("v2", "A"), sqlite("v3", "A")}).value();
  EXPECT_NE(anew.at("A")->space, space);
}

TEST_F(MigrationsTest, a_transferred_class_brings_its_space_and_leaves_its_old_worker) {
  Migration old;
  old.tag = "v1";
  old.new_classes = {"A"};
  auto before = apply("old", {old}).value();
  auto after = apply("new", {transferred("v1", "A", "old", "B")}).value();
  EXPECT_EQ(after.at("B")->space, before.at("A")->space);
  EXPECT_EQ(after.at("B")->key, before.at("A")->key);
  EXPECT_EQ(after.at("B")->worker, "new");
  EXPECT_FALSE(after.at("B")->has_sql) << "it keeps the kind of storage that it has";
  EXPECT_FALSE(apply("old", {old}).value().contains("A"));
  EXPECT_EQ(apply("new", {transferred("v1", "A", "old", "B")}).value().at("B")->space, before.at("A")->space);
  EXPECT_TRUE(m_destroyed.empty());
}

TEST_F(MigrationsTest, a_class_that_its_worker_has_not_cannot_be_transferred_and_nothing_changes) {
  auto before = apply("old", {sqlite("v1", "A")}).value();
  auto failed = apply("new", {sqlite("v1", "C"), transferred("v2", "X", "old", "B")});
  ASSERT_TRUE(failed.is_error());
  EXPECT_EQ(failed.error().message(),
            "migration \"v2\" transfers the class X from the worker old, which has no such class");
  EXPECT_EQ(apply("old", {sqlite("v1", "A")}).value().at("A")->space, before.at("A")->space);
  EXPECT_TRUE(apply("new", {transferred("v1", "A", "old", "B")}).is_ok());
}

TEST_F(MigrationsTest, a_transfer_from_a_worker_that_was_never_here_makes_the_class) {
  auto made = apply("new", {transferred("v1", "A", "elsewhere", "B")}).value();
  EXPECT_TRUE(made.at("B")->has_sql);
}

TEST_F(MigrationsTest, a_record_of_a_newer_version_is_refused) {
  std::ofstream(m_folder + "/durable_objects.json") << R"({"version": 2, "workers": {}})";
  EXPECT_TRUE(apply("w", {sqlite("v1", "A")}).is_error());
}

}  // namespace
}  // namespace adit::bindings::durable_object
