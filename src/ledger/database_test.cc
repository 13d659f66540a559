#include "ledger/database.h"

#include <gtest/gtest.h>

namespace adit::ledger {
namespace {

std::unique_ptr<Database> make() {
  auto database = Database::open_in_memory().value();
  EXPECT_TRUE(
      database->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b BLOB); CREATE UNIQUE INDEX i ON t (a)")
          .is_ok());
  return database;
}

TEST(Database, values_of_every_type_come_back) {
  auto database = make();
  auto statement = database->prepare("SELECT ?1, ?2, ?3, ?4, ?5").value();
  Bytes blob{0, 1, 255};
  std::string_view text("te\0xt", 5);
  statement.bind(1, int64_t{-5}).bind(2, 1.5).bind(3, text).bind(4, BytesView(blob)).bind_null(5);
  ASSERT_TRUE(statement.step().value());
  EXPECT_EQ(statement.integer(0), -5);
  EXPECT_EQ(statement.real(1), 1.5);
  EXPECT_EQ(statement.text(2), text);
  EXPECT_EQ(copy_bytes(statement.blob(3)), blob);
  EXPECT_TRUE(statement.is_null(4));
  EXPECT_FALSE(statement.step().value());
}

TEST(Database, an_empty_blob_is_not_null) {
  auto database = make();
  auto statement = database->prepare("SELECT typeof(?), typeof(?)").value();
  statement.bind_all(BytesView(), std::string_view());
  ASSERT_TRUE(statement.step().value());
  EXPECT_EQ(statement.text(0), "blob");
  EXPECT_EQ(statement.text(1), "text");
}

TEST(Database, a_statement_returns_to_the_cache_without_its_bindings) {
  auto database = make();
  sqlite3_stmt* first = nullptr;
  {
    auto statement = database->prepare("SELECT ?").value();
    first = statement.handle();
    statement.bind(1, int64_t{7});
    ASSERT_TRUE(statement.step().value());
  }
  auto again = database->prepare("SELECT ?").value();
  EXPECT_EQ(again.handle(), first);
  auto second = database->prepare("SELECT ?").value();  // the same text while the first is in use
  EXPECT_NE(second.handle(), first);
  ASSERT_TRUE(again.step().value());
  EXPECT_TRUE(again.is_null(0));
}

TEST(Database, more_statements_than_the_cache_holds) {
  auto database = make();
  std::vector<Statement> held;
  for (int i = 0; i < 60; ++i) held.push_back(database->prepare("SELECT " + std::to_string(i)).value());
  for (auto& statement : held) EXPECT_TRUE(statement.step().value());
  held.clear();
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(database->prepare("SELECT " + std::to_string(i)).value().step().value());
}

TEST(Database, mistakes_are_errors_with_sqlites_words) {
  auto database = make();
  EXPECT_EQ(database->prepare("SELEC 1").error().message(), "near \"SELEC\": syntax error");
  EXPECT_EQ(database->prepare("SELECT 1; SELECT 2").error().message(), "SQL text holds more than one statement");
  EXPECT_TRUE(database->prepare("SELECT 1; -- and that is all").is_ok());
  EXPECT_TRUE(database->prepare(" -- nothing").is_error());
  ASSERT_TRUE(database->execute("INSERT INTO t VALUES (1, 'x', NULL)").is_ok());
  auto duplicate = database->execute("INSERT INTO t VALUES (2, 'x', NULL)");
  EXPECT_EQ(duplicate.error().kind(), ErrorKind::failed);
  EXPECT_EQ(duplicate.error().message(), "UNIQUE constraint failed: t.a");
  auto statement = database->prepare("SELECT ?").value();
  EXPECT_TRUE(statement.bind(3, int64_t{1}).step().is_error());
}

TEST(Database, an_authorizer_is_asked_and_old_statements_do_not_escape_it) {
  auto database = make();
  ASSERT_TRUE(database->prepare("SELECT a FROM t").is_ok());
  database->set_authorizer([](int action, const char* table, const char*, const char*, const char*) {
    return action == SQLITE_READ && std::string_view(table) == "t" ? SQLITE_DENY : SQLITE_OK;
  });
  EXPECT_TRUE(database->prepare("SELECT a FROM t").is_error());
  EXPECT_TRUE(database->prepare("SELECT 1").is_ok());
}

}  // namespace
}  // namespace adit::ledger
