#include "bindings/register.h"

namespace adit::bindings {

// Each binding's op file has one register function; declare it here and add its line below.

void register_binding_ops(js::OpTable&) {}

}  // namespace adit::bindings
