#include "js/ops.h"

namespace adit::js {

void detail::throw_bad_argument(v8::Isolate* isolate, int index, const char* wanted) {
  throw_error(isolate, Error::type_error("argument " + std::to_string(index + 1) + " must be " + wanted));
}

std::vector<intptr_t> OpTable::external_references() const {
  std::vector<intptr_t> references;
  references.reserve(m_ops.size() + 1);
  for (const auto& op : m_ops) references.push_back(reinterpret_cast<intptr_t>(op.callback));
  references.push_back(0);
  return references;
}

}  // namespace adit::js
