// SQL values outside SQLite: a parameter (Value, owned), a column of the current row (ValueView, borrowed) and rows on their way to another
// thread or another time (RowBuffer, one flat buffer).
// Owner: none; value types. Invariant: a ValueView lives until its statement steps or its buffer changes.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"

namespace adit::bindings::sql {

using Value = std::variant<std::monostate, double, std::string, Bytes>;

struct ValueView {
  enum class Type : uint8_t { null, integer, real, text, blob };
  Type type = Type::null;
  int64_t integer = 0;
  double real = 0;
  std::string_view octets;  // of a text (UTF-8, as far as SQLite knows) or blob
};

ValueView column_of(sqlite3_stmt* statement, int column);
// SQLite borrows text and blobs: the value must outlive the statement's run. An SQLite result code.
int bind_value(sqlite3_stmt* statement, int parameter, const Value& value);

class RowBuffer {
 public:
  RowBuffer() = default;
  // As octets() of another one gave them.
  explicit RowBuffer(Bytes octets) : m_bytes(std::move(octets)) {}
  const Bytes& octets() const { return m_bytes; }
  void append(const ValueView& value);
  size_t size_bytes() const { return m_bytes.size(); }
  bool is_empty() const { return m_bytes.empty(); }

  // Reads the values in the order they were appended.
  class Reader {
   public:
    explicit Reader(const RowBuffer& buffer) : m_bytes(buffer.m_bytes) {}
    bool is_at_end() const { return m_at == m_bytes.size(); }
    ValueView next();

   private:
    BytesView m_bytes;
    size_t m_at = 0;
  };

 private:
  Bytes m_bytes;
};

}  // namespace adit::bindings::sql
