#include "bindings/sql/value.h"

#include <cstring>

#include "base/verify.h"

namespace adit::bindings::sql {
namespace {

template <typename T>
void append_raw(Bytes& bytes, T value) {
  auto* octets = reinterpret_cast<const uint8_t*>(&value);
  bytes.insert(bytes.end(), octets, octets + sizeof value);
}

}  // namespace

ValueView column_of(sqlite3_stmt* statement, int column) {
  ValueView view;
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      view.type = ValueView::Type::integer;
      view.integer = sqlite3_column_int64(statement, column);
      break;
    case SQLITE_FLOAT:
      view.type = ValueView::Type::real;
      view.real = sqlite3_column_double(statement, column);
      break;
    case SQLITE_TEXT:
      view.type = ValueView::Type::text;
      view.octets = {reinterpret_cast<const char*>(sqlite3_column_text(statement, column)),
                     static_cast<size_t>(sqlite3_column_bytes(statement, column))};
      break;
    case SQLITE_BLOB: {
      view.type = ValueView::Type::blob;
      auto* octets = static_cast<const char*>(sqlite3_column_blob(statement, column));
      if (octets) view.octets = {octets, static_cast<size_t>(sqlite3_column_bytes(statement, column))};
      break;
    }
    default:
      break;
  }
  return view;
}

int bind_value(sqlite3_stmt* statement, int parameter, const Value& value) {
  if (auto* number = std::get_if<double>(&value)) return sqlite3_bind_double(statement, parameter, *number);
  if (auto* text = std::get_if<std::string>(&value))
    return sqlite3_bind_text64(statement, parameter, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
  if (auto* blob = std::get_if<Bytes>(&value))
    return blob->empty() ? sqlite3_bind_zeroblob(statement, parameter, 0)
                         : sqlite3_bind_blob64(statement, parameter, blob->data(), blob->size(), SQLITE_STATIC);
  return sqlite3_bind_null(statement, parameter);
}

void RowBuffer::append(const ValueView& value) {
  m_bytes.push_back(static_cast<uint8_t>(value.type));
  switch (value.type) {
    case ValueView::Type::null:
      return;
    case ValueView::Type::integer:
      return append_raw(m_bytes, value.integer);
    case ValueView::Type::real:
      return append_raw(m_bytes, value.real);
    case ValueView::Type::text:
    case ValueView::Type::blob: {
      append_raw(m_bytes, static_cast<uint32_t>(value.octets.size()));  // SQLite's own limit is 31 bits
      auto octets = bytes_of(value.octets);
      m_bytes.insert(m_bytes.end(), octets.begin(), octets.end());
      return;
    }
  }
}

ValueView RowBuffer::Reader::next() {
  auto take = [this](void* out, size_t size) {
    VERIFY(m_bytes.size() - m_at >= size);
    std::memcpy(out, m_bytes.data() + m_at, size);
    m_at += size;
  };
  ValueView value;
  take(&value.type, 1);
  switch (value.type) {
    case ValueView::Type::null:
      break;
    case ValueView::Type::integer:
      take(&value.integer, sizeof value.integer);
      break;
    case ValueView::Type::real:
      take(&value.real, sizeof value.real);
      break;
    case ValueView::Type::text:
    case ValueView::Type::blob: {
      uint32_t size = 0;
      take(&size, sizeof size);
      VERIFY(m_bytes.size() - m_at >= size);
      value.octets = text_of(m_bytes.subspan(m_at, size));
      m_at += size;
      break;
    }
  }
  return value;
}

}  // namespace adit::bindings::sql
