#include "bindings/durable_object/service.h"

namespace adit::bindings::durable_object {

Result<std::string> Service::space_of(const std::string& class_name) const {
  auto found = m_spaces->find(class_name);
  if (found == m_spaces->end())
    return Error::failed("there is no Durable Object class " + class_name + " in the configuration");
  return found->second;
}

void Service::open(const std::string& class_name, const std::string& id,
                   Function<void(Result<std::shared_ptr<Storage>>)> done) {
  auto begin = [&]() -> Result<void> {
    auto space = TRY(space_of(class_name));
    auto* store = TRY(m_state.store());
    auto ledger_id = TRY(ledger::LedgerId::create(space, id));
    auto shared = std::make_shared<Function<void(Result<std::shared_ptr<Storage>>)>>(std::move(done));
    store->open(ledger_id, [shared](Result<std::shared_ptr<ledger::Ledger>> ledger) {
      if (ledger.is_error()) return (*shared)(std::move(ledger.error()));
      (*shared)(Storage::create(std::move(ledger).value()));
    });
    return {};
  };
  auto begun = begin();
  if (begun.is_error() && done) done(std::move(begun.error()));
}

}  // namespace adit::bindings::durable_object
