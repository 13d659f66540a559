// The types of configuration fields, written as text in the field table, and the check of a value against one.
//
//     string  boolean  number  integer  port  any        'literal'  10
//     [T]          a list of T
//     {a: T, b?: T, *: T}   an object; b may be absent, other properties are T (without *, there are none)
//     T | T        either
//
// Value types; no owner. Invariant: a type that was made is well-formed (the table is code: a mistake in it aborts).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "worker/config/document.h"

namespace adit::worker {

struct PropertyType;

struct Type {
  enum class Kind {
    any,
    text,
    boolean,
    number,
    integer,
    port,
    null,
    text_literal,
    number_literal,
    list,
    object,
    choice
  };
  Kind kind = Kind::any;
  std::string literal;                   // text_literal, number_literal
  std::vector<Type> parts;               // list: its one element type; choice: the alternatives
  std::vector<PropertyType> properties;  // object
  std::vector<Type> rest;                // object: the type of other properties, or none
};

struct PropertyType {
  std::string name;
  bool optional = false;
  Type type;
};

Type parse_type(std::string_view expression);

// Reports every way in which the node is not of the type. `path` is how the node is called: "kv_namespaces[0]".
void check_type(const Node& node, const Type& type, const std::string& path, Reporter& reporter);

}  // namespace adit::worker
