// One environment of a configuration: which value each field has there, by wrangler's rules of inheritance. Owner: load_config.
// Lives no longer than the tree that it looks at.
#pragma once

#include <string>
#include <string_view>

#include "worker/config/document.h"
#include "worker/config/fields.h"

namespace adit::worker {

class Environment {
 public:
  // `section` is env.NAME, or null for the top level.
  Environment(const Node& root, const Node* section, std::string name)
      : m_root(&root), m_section(section), m_name(std::move(name)) {}

  const std::string& name() const { return m_name; }

  // The field's value here, or null. Its path in the file is path_of(field).
  const Node* find(std::string_view field) const;
  std::string path_of(std::string_view field) const;

  // What the section itself says, without inheritance.
  const Node* find_own(std::string_view field) const {
    return m_section ? m_section->find(field) : m_root->find(field);
  }
  const Node& root() const { return *m_root; }

 private:
  const Node* m_root;
  const Node* m_section;
  std::string m_name;
};

// Whether the value is of its field's kind and says something: not an empty list or object.
bool says_something(const Node& node);

// Warns about what the top level has, this environment lacks and does not inherit, as wrangler does.
void warn_about_inheritance(const Node& root, const Node& section, Place section_place, const std::string& name,
                            Reporter& reporter);

// Checks types and unknown fields of the top level and all environments; mistakes in environments other than the selected one are
// warnings.
void check_fields(const Node& root, const std::string& selected, Reporter& reporter);

}  // namespace adit::worker
