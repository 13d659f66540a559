// The command line as users type it.
#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <sstream>

namespace adit::cli {
namespace {

CommandLine parsed(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words{"adit"};
  for (std::string word; in >> word;) words.push_back(word == "''" ? "" : word);
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

template <typename T>
T parsed_as(const std::string& line) {
  CommandLine command = parsed(line);
  if (const auto* error = std::get_if<UsageError>(&command)) ADD_FAILURE() << line << ": " << error->text;
  const T* value = std::get_if<T>(&command);
  EXPECT_TRUE(value) << line;
  return value ? *value : T();
}

std::string error_of(const std::string& line) {
  CommandLine command = parsed(line);
  const auto* error = std::get_if<UsageError>(&command);
  return error ? error->text : "";
}

TEST(command_line, dev_has_defaults) {
  auto dev = parsed_as<DevOptions>("dev");
  EXPECT_EQ(dev.directory, ".");
  EXPECT_EQ(dev.log_level, LogLevel::info);
  EXPECT_FALSE(dev.config || dev.environment || dev.host || dev.port || dev.persist_to || dev.shards);
  EXPECT_TRUE(dev.vars.empty());
}

TEST(command_line, dev_takes_several_workers) {
  auto dev = parsed_as<DevOptions>("dev site api -c site.toml");
  EXPECT_EQ(dev.directory, "site");
  EXPECT_EQ(dev.config, "site.toml");
  ASSERT_EQ(dev.others.size(), 1u);
  EXPECT_EQ(dev.others[0].directory, "api");
  EXPECT_FALSE(dev.others[0].config);
  auto by_file = parsed_as<DevOptions>("dev -c a.toml -c b.toml");
  EXPECT_EQ(by_file.config, "a.toml");
  ASSERT_EQ(by_file.others.size(), 1u);
  EXPECT_EQ(by_file.others[0].directory, ".");
  EXPECT_EQ(by_file.others[0].config, "b.toml");
}

TEST(command_line, dev_takes_every_option) {
  auto dev = parsed_as<DevOptions>(
      "dev app --port 0 --host 0.0.0.0 -e staging -c w.toml --var A:1 --var B:x:y --env-file a --env-file b "
      "--persist-to state "
      "--log-level warn --shards 4");
  EXPECT_EQ(dev.directory, "app");
  EXPECT_EQ(dev.port, 0);
  EXPECT_EQ(dev.host, "0.0.0.0");
  EXPECT_EQ(dev.environment, "staging");
  EXPECT_EQ(dev.config, "w.toml");
  EXPECT_EQ(dev.vars, (std::vector<std::pair<std::string, std::string>>{{"A", "1"}, {"B", "x:y"}}));
  EXPECT_EQ(dev.env_files, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(dev.persist_to, "state");
  EXPECT_EQ(dev.log_level, LogLevel::warn);
  EXPECT_EQ(dev.shards, 4u);
}

TEST(command_line, options_may_stand_before_the_directory_and_carry_an_equals_sign) {
  auto dev = parsed_as<DevOptions>("dev --var A:1 --port=99 app");
  EXPECT_EQ(dev.directory, "app");
  EXPECT_EQ(dev.port, 99);
  EXPECT_EQ(dev.vars.size(), 1u);
}

TEST(command_line, an_empty_environment_means_the_top_level) {
  EXPECT_EQ(parsed_as<DevOptions>("dev --env ''").environment, "");
}

TEST(command_line, ip_is_wranglers_word_for_host) { EXPECT_EQ(parsed_as<DevOptions>("dev --ip ::1").host, "::1"); }

TEST(command_line, log_is_wranglers_word_for_info) {
  EXPECT_EQ(parsed_as<DevOptions>("dev --log-level log").log_level, LogLevel::info);
}

TEST(command_line, init_and_check) {
  EXPECT_EQ(parsed_as<InitOptions>("init my-app").name, "my-app");
  auto check = parsed_as<CheckOptions>("check app --env production --print");
  EXPECT_EQ(check.directory, "app");
  EXPECT_EQ(check.environment, "production");
  EXPECT_TRUE(check.print);
}

TEST(command_line, help_and_version_are_text) {
  std::string all = parsed_as<PrintText>("--help").text;
  for (const char* command : {"dev", "init", "check", "help"}) EXPECT_NE(all.find(command), std::string::npos);
  EXPECT_EQ(parsed_as<PrintText>("").text, all);
  EXPECT_EQ(parsed_as<PrintText>("help").text, all);
  EXPECT_EQ(parsed_as<PrintText>("help dev").text, parsed_as<PrintText>("dev --help").text);
  EXPECT_EQ(parsed_as<PrintText>("--version").text, "adit " + std::string(adit_version()) + "\n");
}

TEST(command_line, mistakes_are_usage_errors) {
  for (const char* line :
       {"dve", "dev --prot 1", "dev --port x", "dev --port 70000", "dev --shards 0", "dev --log-level loud",
        "check a b", "init", "dev --var A", "dev --var :x", "help nothing", "check --port 1"}) {
    EXPECT_NE(error_of(line), "") << line;
  }
}

TEST(command_line, a_usage_error_names_the_command_to_ask) {
  EXPECT_NE(error_of("dev --prot 1").find("Try \"adit dev --help\""), std::string::npos);
  EXPECT_NE(error_of("dve").find("Try \"adit --help\""), std::string::npos);
}

}  // namespace
}  // namespace adit::cli
