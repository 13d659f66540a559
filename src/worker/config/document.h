// A configuration file as a tree in which everything knows its place, whatever syntax the file is in. Value types; no owner.
// Invariant: an object's members have distinct keys and stand in the order of the file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "worker/config/diagnostic.h"

namespace adit::worker {

struct Member;

struct Node {
  enum class Kind { null, boolean, number, text, date, list, object };
  Kind kind = Kind::null;
  Place place;
  bool boolean = false;
  double number = 0;
  std::string text;  // a string's value; a number's or (TOML) date's spelling
  std::vector<Node> items;
  std::vector<Member> members;

  bool is(Kind other) const { return kind == other; }
  const Member* find_member(std::string_view key) const;
  const Node* find(std::string_view key) const;
};

struct Member {
  std::string key;
  Place place;
  Node value;
};

// "a string", "an object", ...: for messages.
std::string_view kind_name(Node::Kind kind);

// The node as compact JSON text.
std::string to_json(const Node& node);
void append_json_string(std::string& out, std::string_view text);

// Collects diagnostics about one file. Its text must outlive the reporter.
class Reporter {
 public:
  Reporter(std::string file, std::string_view text, std::vector<Diagnostic>& sink)
      : m_file(std::move(file)), m_text(text), m_sink(&sink) {}

  void error(Place place, std::string message, std::string hint = {}) {
    add(m_worst, place, std::move(message), std::move(hint));
  }
  void warning(Place place, std::string message, std::string hint = {}) {
    add(Severity::warning, place, std::move(message), std::move(hint));
  }
  // The same reporter with errors turned into warnings, for parts of the file that are not in use.
  Reporter lenient() const;

 private:
  void add(Severity severity, Place place, std::string message, std::string hint);

  std::string m_file;
  std::string_view m_text;
  std::vector<Diagnostic>* m_sink;
  Severity m_worst = Severity::error;
};

}  // namespace adit::worker
