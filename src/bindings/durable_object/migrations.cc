#include "bindings/durable_object/migrations.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace adit::bindings::durable_object {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

// A space's name follows from the worker, the class's first name and how many spaces there were before.
std::string make_space(Json& record, const std::string& worker, const std::string& class_name) {
  auto number = record["made"].get<uint64_t>() + 1;
  record["made"] = number;
  auto text = worker + '\0' + class_name + '\0' + std::to_string(number);
  std::array<uint8_t, 32> digest;
  VERIFY(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr));
  std::string space = "do-";
  for (size_t i = 0; i < 16; ++i) {
    space += "0123456789abcdef"[digest[i] >> 4];
    space += "0123456789abcdef"[digest[i] & 15];
  }
  return space;
}

NamespaceKey key_of(const std::string& space) {
  std::array<uint8_t, 32> digest;
  VERIFY(EVP_Digest(space.data(), space.size(), digest.data(), nullptr, EVP_sha256(), nullptr));
  NamespaceKey key;
  std::copy_n(digest.begin(), key.size(), key.begin());
  return key;
}

Result<Json> read_record(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Json{{"version", 1}, {"workers", Json::object()}};
  auto record = Json::parse(std::string(std::istreambuf_iterator<char>(in), {}), nullptr, false);
  if (record.is_discarded() || !record.is_object() || record.value("version", 0) != 1)
    return Error::failed(path.string() + " is damaged or of a newer version of adit");
  return record;
}

Result<void> write_record(const fs::path& path, const Json& record) {
  auto temporary = path.string() + ".new";
  auto text = record.dump(2);
  int file = open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
  if (file < 0) return Error::from_errno("write " + temporary, errno);
  auto good = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fdatasync(file) == 0;
  auto code = errno;
  close(file);
  if (!good) return Error::from_errno("write " + temporary, code);
  if (rename(temporary.c_str(), path.c_str()) != 0) return Error::from_errno("rename " + temporary, errno);
  int folder = open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
  return {};
}

void drop(Json& classes, Json& dropped, const std::string& name) {
  if (classes.contains(name)) dropped.push_back(classes[name]);
  classes.erase(name);
}

Json& record_of(Json& workers, const std::string& worker) {
  auto& record = workers[worker];
  if (record.is_null()) record = {{"tag", ""}, {"made", 0}, {"classes", Json::object()}, {"dropped", Json::array()}};
  // Which classes have SQLite, as far as migrations said so.
  if (!record.contains("sqlite")) record["sqlite"] = Json::object();
  return record;
}

void move(Json& from, const std::string& old_name, Json& to, const std::string& new_name) {
  for (const auto* each : {"classes", "sqlite"}) {
    if (!from[each].contains(old_name)) continue;
    Json moved = from[each][old_name];
    from[each].erase(old_name);
    to[each][new_name] = std::move(moved);
  }
}

void make(Json& record, const std::string& worker, const std::string& name, bool has_sql) {
  if (record["classes"].contains(name)) return;
  record["classes"][name] = make_space(record, worker, name);
  record["sqlite"][name] = has_sql;
}

// The class comes with its data. A worker that was never here has none: then this state is new, and so is the class.
Result<void> transfer(const worker::TransferredClass& transferred, const std::string& tag, const std::string& worker,
                      Json& workers) {
  if (workers.contains(transferred.from_script)) {
    auto& source = record_of(workers, transferred.from_script);
    if (!source["classes"].contains(transferred.from))
      return Error::failed("migration \"" + tag + "\" transfers the class " + transferred.from + " from the worker " +
                           transferred.from_script + ", which has no such class");
    if (workers[worker]["classes"].contains(transferred.to))
      return Error::failed("migration \"" + tag + "\" transfers a class to " + transferred.to +
                           ", which exists already");
    move(source, transferred.from, workers[worker], transferred.to);
  }
  make(workers[worker], worker, transferred.to, true);
  return {};
}

Result<void> apply(const worker::Migration& migration, const std::string& worker, Json& workers) {
  auto& record = workers[worker];
  for (const auto& renamed : migration.renamed_classes) move(record, renamed.from, record, renamed.to);
  for (const auto& transferred : migration.transferred_classes)
    TRY(transfer(transferred, migration.tag, worker, workers));
  for (const auto& name : migration.deleted_classes) {
    drop(record["classes"], record["dropped"], name);
    record["sqlite"].erase(name);
  }
  for (const auto& name : migration.new_classes) make(record, worker, name, false);
  for (const auto& name : migration.new_sqlite_classes) make(record, worker, name, true);
  return {};
}

}  // namespace

Result<ClassTable> apply_migrations(const std::string& state_directory, const worker::WorkerConfig& config,
                                    const std::function<Result<void>(const std::string& space)>& destroy) {
  auto path = fs::path(state_directory) / "durable_objects.json";
  auto all = TRY(read_record(path));
  auto before = all.dump();
  auto& record = record_of(all["workers"], config.name);
  // Everything up to the remembered tag has been done.
  size_t next = 0;
  auto tag = record["tag"].get<std::string>();
  for (size_t i = 0; i < config.migrations.size(); ++i)
    if (config.migrations[i].tag == tag) next = i + 1;
  for (; next < config.migrations.size(); ++next) {
    TRY(apply(config.migrations[next], config.name, all["workers"]));
    record["tag"] = config.migrations[next].tag;
  }
  for (const auto& declared : config.durable_object_classes)
    if (!record["classes"].contains(declared.name))
      record["classes"][declared.name] = make_space(record, config.name, declared.name);
  if (all.dump() != before) TRY(write_record(path, all));
  // After the record: data that a crash leaves behind is nobody's, and remove_deleted_data() finds it.
  for (const auto& space : record["dropped"]) TRY(destroy(space.get<std::string>()));
  ClassTable classes;
  for (const auto& [name, space] : record["classes"].items()) {
    auto made = std::make_shared<ObjectClass>();
    made->worker = config.name;
    made->name = name;
    made->space = space.get<std::string>();
    made->key = key_of(made->space);
    for (const auto& declared : config.durable_object_classes)
      if (declared.name == name) made->has_sql = declared.sqlite;
    if (record["sqlite"].contains(name)) made->has_sql = record["sqlite"][name].get<bool>();
    classes.emplace(name, std::move(made));
  }
  return classes;
}

Result<void> remove_deleted_data(const ledger::StateDirectory& directory) {
  auto path = fs::path(directory.path()) / "durable_objects.json";
  auto all = TRY(read_record(path));
  bool changed = false;
  for (auto& [worker, record] : all["workers"].items()) {
    for (const auto& space : record["dropped"]) {
      std::error_code code;
      fs::remove_all(directory.space_path(space.get<std::string>()), code);
      if (code) return Error::io("remove the data of a deleted class of " + worker + ": " + code.message());
      changed = true;
    }
    record["dropped"] = Json::array();
  }
  if (!changed) return {};
  return write_record(path, all);
}

}  // namespace adit::bindings::durable_object
