#include "bindings/sql/session.h"

#include <gtest/gtest.h>

#include <limits>

namespace adit::bindings::sql {
namespace {

struct Fixture : testing::Test {
  std::unique_ptr<ledger::Database> database = ledger::Database::open_in_memory().value();
  int writes = 0;
  bool must_stop = false;
  std::unique_ptr<Session> session = std::make_unique<Session>(*database, Session::Hooks{[this]() -> Result<void> {
                                                                                           ++writes;
                                                                                           return {};
                                                                                         },
                                                                                         [this] { return must_stop; }});

  std::shared_ptr<Cursor> run(std::string_view text, std::vector<Value> parameters = {}) {
    auto cursor = session->execute(text, std::move(parameters));
    if (cursor.is_error()) ADD_FAILURE() << text << ": " << cursor.error().full_message();
    return std::move(cursor).value();
  }
  std::string error(std::string_view text) {
    auto cursor = session->execute(text, {});
    return cursor.is_error() ? cursor.error().full_message() : "";
  }
  static std::vector<int64_t> integers(Cursor& cursor) {
    std::vector<int64_t> out;
    while (cursor.has_row()) {
      out.push_back(cursor.value(0).integer);
      EXPECT_TRUE(cursor.step().is_ok());
    }
    return out;
  }
};

using SqlSession = Fixture;

TEST_F(SqlSession, only_statements_that_write_ask_for_a_transaction) {
  run("select 1");
  EXPECT_EQ(writes, 0);
  run("create table t (a)");
  EXPECT_EQ(writes, 1);
  run("select * from t");
  EXPECT_EQ(writes, 1);
  run("insert into t values (1); insert into t values (2)");
  EXPECT_EQ(writes, 3);
}

TEST_F(SqlSession, a_failed_transaction_keeps_the_statement_from_running) {
  run("create table t (a)");
  session.reset();
  session = std::make_unique<Session>(
      *database, Session::Hooks{[]() -> Result<void> { return Error::io("the disk is gone"); }, {}});
  EXPECT_EQ(error("insert into t values (1)"), "the disk is gone");
  EXPECT_FALSE(run("select * from t")->has_row());
}

TEST_F(SqlSession, the_platforms_own_statements_are_not_subject_to_the_rules) {
  ASSERT_TRUE(database->execute("create table _cf_x (a); insert into _cf_x values (1)").is_ok());
  EXPECT_EQ(error("select a from _cf_x"), "access to _cf_x.a is prohibited: SQLITE_AUTH");
  auto own = database->prepare("select a from _cf_x");
  ASSERT_TRUE(own.is_ok());
  EXPECT_TRUE(own.value().step().value());
  // The same text, compiled by the platform, is not the application's.
  EXPECT_EQ(error("select a from _cf_x"), "access to _cf_x.a is prohibited: SQLITE_AUTH");
}

TEST_F(SqlSession, the_rules_hold_when_a_kept_statement_is_compiled_again) {
  run("create table t (a); create view v as select a from t");
  run("select * from v");
  // The schema changes under the kept statement: SQLite compiles it anew when it is run.
  ASSERT_TRUE(database->execute("drop view v; create table _cf_x (a); create view v as select a from _cf_x").is_ok());
  EXPECT_EQ(error("select * from v"), "access to _cf_x.a is prohibited: SQLITE_AUTH");
}

TEST_F(SqlSession, reserved_names_are_refused_in_any_case) {
  for (const char* text : {"create table _cf_a (a)", "create table _CF_a (a)", "create view \"_Cf_v\" as select 1"})
    EXPECT_EQ(error(text), "not authorized: SQLITE_AUTH") << text;
}

TEST_F(SqlSession, cursors_end_when_the_session_does) {
  run("create table t (a); insert into t values (1), (2)");
  auto cursor = run("select a from t");
  ASSERT_TRUE(cursor->has_row());
  session.reset();
  EXPECT_FALSE(cursor->has_row());
  auto stepped = cursor->step();
  ASSERT_TRUE(stepped.is_error());
  EXPECT_EQ(stepped.error().full_message(), "The database was closed.");
}

TEST_F(SqlSession, a_cursor_may_outlive_its_session_and_database) {
  run("create table t (a); insert into t values (1), (2)");
  auto reading = run("select a from t");
  auto returning = run("insert into t values (3) returning a");
  session.reset();
  database.reset();
  EXPECT_EQ(integers(*returning), std::vector<int64_t>{3});
}

TEST_F(SqlSession, more_statements_than_are_kept_run_at_once) {
  run("create table t (a); insert into t values (1), (2)");
  std::vector<std::shared_ptr<Cursor>> cursors;
  for (int i = 0; i < 120; ++i) cursors.push_back(run("select a from t where a < " + std::to_string(100 + i)));
  for (auto& cursor : cursors) EXPECT_EQ(integers(*cursor), (std::vector<int64_t>{1, 2}));
  for (int i = 0; i < 120; ++i) EXPECT_TRUE(run("select a from t where a < " + std::to_string(100 + i))->has_row());
}

TEST_F(SqlSession, a_statement_is_stopped_when_it_must) {
  must_stop = true;
  EXPECT_EQ(error("with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c"),
            "interrupted: SQLITE_INTERRUPT");
  must_stop = false;
  EXPECT_TRUE(run("select 1")->has_row());
}

TEST_F(SqlSession, the_question_is_not_asked_for_the_platforms_statements) {
  must_stop = true;
  EXPECT_TRUE(database
                  ->execute("with recursive c(n) as (select 1 union all select n + 1 from c where n < 100000) "
                            "select count(*) from c")
                  .is_ok());
}

TEST_F(SqlSession, changes_and_written_rows_are_counted) {
  run("create table t (a integer primary key, b); create index i on t (b)");
  auto inserted = run("insert into t (b) values (1), (2), (3)");
  EXPECT_EQ(inserted->changes(), 3);
  EXPECT_EQ(inserted->rows_written(), 6u);  // and the index's entries
  auto removed = run("delete from t");      // SQLite cuts the whole tree off
  EXPECT_EQ(removed->changes(), 3);
  EXPECT_EQ(removed->rows_written(), 3u);
}

TEST_F(SqlSession, drop_everything_leaves_what_is_reserved) {
  ASSERT_TRUE(database->execute("create table _cf_x (a)").is_ok());
  run("create table p (id integer primary key); create table c (p references p(id))");
  run("insert into p values (1); insert into c values (1)");
  run("create table a_cf_ (x); create table \"quo\"\"ted\" (x); create view v as select * from p");
  run("create virtual table f using fts5 (x); insert into f values ('a')");
  run("create table n (id integer primary key autoincrement); insert into n default values");
  ASSERT_TRUE(session->drop_everything().is_ok());
  auto left = run("select name from sqlite_schema where name <> 'sqlite_sequence'");
  ASSERT_TRUE(left->has_row());
  EXPECT_EQ(left->value(0).octets, "_cf_x");
  ASSERT_TRUE(left->step().is_ok());
  EXPECT_FALSE(left->has_row());
  EXPECT_EQ(error("create table c (p references p(id)); insert into c values (1)"),
            "no such table: main.p: SQLITE_ERROR");
}

TEST(SqlRowBuffer, values_come_back_in_order) {
  RowBuffer buffer;
  std::string long_text(100'000, 'x');
  using Type = ValueView::Type;
  buffer.append({});
  buffer.append({.type = Type::integer, .integer = std::numeric_limits<int64_t>::min()});
  buffer.append({.type = Type::real, .real = -0.5});
  buffer.append({.type = Type::text, .octets = std::string_view("a\0b", 3)});
  buffer.append({.type = Type::blob, .octets = long_text});
  buffer.append({.type = Type::blob});
  RowBuffer::Reader reader(buffer);
  EXPECT_EQ(reader.next().type, Type::null);
  EXPECT_EQ(reader.next().integer, std::numeric_limits<int64_t>::min());
  EXPECT_EQ(reader.next().real, -0.5);
  EXPECT_EQ(reader.next().octets, std::string_view("a\0b", 3));
  EXPECT_EQ(reader.next().octets, long_text);
  auto empty = reader.next();
  EXPECT_EQ(empty.type, Type::blob);
  EXPECT_TRUE(empty.octets.empty());
  EXPECT_TRUE(reader.is_at_end());
}

}  // namespace
}  // namespace adit::bindings::sql
