// Selecting an environment and checking fields against the table. Owner: load_config.
#include "worker/config/environment.h"

#include <fmt/format.h>

#include <vector>

#include "worker/config/type_expression.h"

namespace adit::worker {

const Node* Environment::find(std::string_view field) const {
  const Field* known = find_field(field);
  if (!m_section || (known && known->scope == Scope::top_level)) return m_root->find(field);
  if (const Node* own = m_section->find(field)) return own;
  if (!known || known->scope != Scope::inherited) return nullptr;
  // route and routes are two spellings of one setting: having either means not inheriting the other.
  if (field == "route" && m_section->find("routes")) return nullptr;
  if (field == "routes" && m_section->find("route")) return nullptr;
  return m_root->find(field);
}

std::string Environment::path_of(std::string_view field) const {
  bool own = m_section && m_section->find(field);
  return own ? fmt::format("env.{}.{}", m_name, field) : std::string(field);
}

bool says_something(const Node& node) {
  switch (node.kind) {
    case Node::Kind::list:
      return !node.items.empty();
    case Node::Kind::object:
      return !node.members.empty();
    case Node::Kind::null:
      return false;
    default:
      return true;
  }
}

void warn_about_inheritance(const Node& root, const Node& section, Place section_place, const std::string& name,
                            Reporter& reporter) {
  for (const Field& field : all_fields()) {
    if (field.scope != Scope::per_environment) continue;
    const Node* top = root.find(field.name);
    if (!top) continue;
    const Node* own = section.find(field.name);
    if (!own) {
      reporter.warning(section_place,
                       fmt::format("\"{}\" exists at the top level, but not in env.{}", field.name, name),
                       fmt::format("environments do not inherit {0}: add \"{0}\" to env.{1}", field.name, name));
      continue;
    }
    // wrangler compares these two name by name.
    if ((field.name != "vars" && field.name != "define") || !own->is(Node::Kind::object)) continue;
    for (const Member& member : top->members) {
      if (own->find(member.key)) continue;
      reporter.warning(
          own->place,
          fmt::format("\"{0}.{1}\" exists at the top level, but not in env.{2}.{0}", field.name, member.key, name),
          fmt::format("environments do not inherit {0}: add \"{0}.{1}\" to env.{2}", field.name, member.key, name));
    }
  }
}

static std::string unknown_field_hint(const std::string& key, bool in_environment) {
  const Field* known = find_field(key);
  if (known) return fmt::format("\"{}\" can only be set at the top level", key);
  std::vector<std::string_view> names;
  for (const Field& field : all_fields()) {
    if (!in_environment || field.scope != Scope::top_level) names.push_back(field.name);
  }
  std::string_view near = nearest_word(key, names);
  return near.empty() ? std::string() : fmt::format("did you mean \"{}\"?", near);
}

// Checks one section: the top level (empty prefix) or an environment (prefix "env.NAME.").
static void check_section(const Node& section, const std::string& prefix, Reporter& reporter) {
  for (const Member& member : section.members) {
    const Field* field = find_field(member.key);
    bool allowed = field && (prefix.empty() || field->scope != Scope::top_level);
    if (!allowed) {
      reporter.error(member.place, fmt::format("unknown field \"{}{}\"", prefix, member.key),
                     unknown_field_hint(member.key, !prefix.empty()));
    } else if (!field->type.empty()) {
      check_type(member.value, parse_type(field->type), prefix + member.key, reporter);
    }
  }
}

void check_fields(const Node& root, const std::string& selected, Reporter& reporter) {
  check_section(root, "", reporter);
  const Node* environments = root.find("env");
  if (!environments) return;
  if (!environments->is(Node::Kind::object)) {
    reporter.error(environments->place,
                   fmt::format("env: expected an object, found {}", kind_name(environments->kind)));
    return;
  }
  for (const Member& member : environments->members) {
    Reporter chosen = member.key == selected ? reporter : reporter.lenient();
    std::string path = "env." + member.key;
    if (member.value.is(Node::Kind::object)) {
      check_section(member.value, path + ".", chosen);
    } else {
      chosen.error(member.value.place,
                   fmt::format("{}: expected an object, found {}", path, kind_name(member.value.kind)));
    }
  }
}

}  // namespace adit::worker
