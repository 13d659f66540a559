// The ops behind URLPattern (URL Pattern standard): ada parses and compiles a pattern, V8's own RegExp matches its components.
// Owner: the isolate's thread. Invariant: a Pattern's regular expressions belong to the isolate whose handle holds the pattern.
#include <ada.h>

#include "js/ops.h"

namespace adit::web {
namespace {

// What ada wants of an engine for regular expressions. It knows no isolate, so the entered one is meant: ops run inside it.
struct V8Regex {
  using regex_type = v8::Global<v8::RegExp>;

  static std::optional<regex_type> create_instance(std::string_view pattern, bool ignore_case) {
    auto* isolate = v8::Isolate::GetCurrent();
    v8::HandleScope handles(isolate);
    v8::TryCatch failure(isolate);
    int flags = v8::RegExp::kUnicodeSets | (ignore_case ? v8::RegExp::kIgnoreCase : 0);
    v8::Local<v8::RegExp> regex;
    if (!v8::RegExp::New(isolate->GetCurrentContext(), js::from_utf8(isolate, pattern),
                         static_cast<v8::RegExp::Flags>(flags))
             .ToLocal(&regex))
      return std::nullopt;
    return regex_type(isolate, regex);
  }

  static std::optional<std::vector<std::optional<std::string>>> regex_search(std::string_view input,
                                                                             const regex_type& pattern) {
    auto* isolate = v8::Isolate::GetCurrent();
    v8::HandleScope handles(isolate);
    v8::TryCatch failure(isolate);
    v8::Local<v8::Object> match;
    if (!execute(isolate, input, pattern).ToLocal(&match)) return std::nullopt;
    std::vector<std::optional<std::string>> groups;
    auto array = match.As<v8::Array>();
    for (uint32_t i = 1; i < array->Length(); ++i) {
      v8::Local<v8::Value> group;
      if (!array->Get(isolate->GetCurrentContext(), i).ToLocal(&group)) return std::nullopt;
      if (group->IsString()) groups.emplace_back(js::to_utf8(isolate, group.As<v8::String>()));
      else groups.emplace_back();
    }
    return groups;
  }

  static bool regex_match(std::string_view input, const regex_type& pattern) {
    auto* isolate = v8::Isolate::GetCurrent();
    v8::HandleScope handles(isolate);
    v8::TryCatch failure(isolate);
    return !execute(isolate, input, pattern).IsEmpty();
  }

 private:
  static v8::MaybeLocal<v8::Object> execute(v8::Isolate* isolate, std::string_view input, const regex_type& pattern) {
    v8::Local<v8::Object> match;
    auto regex = pattern.Get(isolate);
    if (!regex->Exec(isolate->GetCurrentContext(), js::from_utf8(isolate, input)).ToLocal(&match) || match->IsNull())
      return {};
    return match;
  }
};

using Pattern = ada::url_pattern<V8Regex>;
// protocol, username, password, hostname, port, pathname, search, hash, baseURL: what is undefined is not there.
using Init = std::vector<std::optional<std::string>>;

}  // namespace
}  // namespace adit::web

namespace adit::js {

// An array's undefined element is an absent string.
template <>
struct FromJs<std::optional<std::vector<std::optional<std::string>>>> {
  static constexpr const char* wanted = "an array of strings";
  bool read(v8::Isolate* isolate, v8::Local<v8::Value> value) {
    if (value->IsUndefined()) return true;
    FromJs<std::vector<std::optional<std::string>>> inner;
    if (!inner.read(isolate, value)) return false;
    m_value = inner.get();
    return m_value->size() == 9;
  }
  std::optional<std::vector<std::optional<std::string>>> get() { return std::move(m_value); }
  std::optional<std::vector<std::optional<std::string>>> m_value;
};

}  // namespace adit::js

namespace adit::web {
namespace {

ada::url_pattern_init to_init(Init parts) {
  ada::url_pattern_init init;
  std::optional<std::string>* fields[] = {&init.protocol, &init.username, &init.password, &init.hostname, &init.port,
                                          &init.pathname, &init.search,   &init.hash,     &init.base_url};
  for (size_t i = 0; i < parts.size(); ++i) *fields[i] = std::move(parts[i]);
  return init;
}

ada::url_pattern_input to_input(const std::string& text, std::optional<Init> init) {
  if (init) return to_init(std::move(*init));
  return std::string_view(text);
}

const std::string_view* address(const std::optional<std::string_view>& base) { return base ? &*base : nullptr; }

// "Create a URL pattern". `text` counts when `init` is absent.
Result<js::Handle<Pattern>> url_pattern_create(std::string text, std::optional<Init> init,
                                               std::optional<std::string> base, bool ignore_case) {
  ada::url_pattern_options options{.ignore_case = ignore_case};
  std::optional<std::string_view> base_view = base;
  auto pattern = ada::parse_url_pattern<V8Regex>(to_input(text, std::move(init)), address(base_view), &options);
  if (!pattern) return Error::type_error("Failed to construct 'URLPattern'");
  return std::make_shared<Pattern>(std::move(*pattern));
}

std::vector<std::string> url_pattern_components(js::Handle<Pattern> pattern) {
  auto text = [](std::string_view part) { return std::string(part); };
  return {text(pattern->get_protocol()), text(pattern->get_username()), text(pattern->get_password()),
          text(pattern->get_hostname()), text(pattern->get_port()),     text(pattern->get_pathname()),
          text(pattern->get_search()),   text(pattern->get_hash())};
}

bool url_pattern_has_groups(js::Handle<Pattern> pattern) { return pattern->has_regexp_groups(); }

Result<bool> url_pattern_test(js::Handle<Pattern> pattern, std::string text, std::optional<Init> init,
                              std::optional<std::string> base) {
  std::optional<std::string_view> base_view = base;
  auto matches = pattern->test(to_input(text, std::move(init)), address(base_view));
  if (!matches) return Error::type_error("Failed to test URLPattern");
  return *matches;
}

// Names in the order of the pattern, which ada's map of a result does not keep.
v8::Local<v8::Value> to_object(js::Call& call, const ada::url_pattern_component_result& result,
                               const std::vector<std::string>& names) {
  auto* isolate = call.v8();
  auto groups = v8::Object::New(isolate);
  for (const auto& name : names) {
    auto group = result.groups.find(name);
    v8::Local<v8::Value> value = v8::Undefined(isolate);
    if (group != result.groups.end() && group->second) value = js::from_utf8(isolate, *group->second);
    groups->CreateDataProperty(call.context(), js::from_utf8(isolate, name), value).Check();
  }
  auto object = v8::Object::New(isolate);
  object->CreateDataProperty(call.context(), js::intern(isolate, "input"), js::from_utf8(isolate, result.input))
      .Check();
  object->CreateDataProperty(call.context(), js::intern(isolate, "groups"), groups).Check();
  return object;
}

// The eight components' { input, groups }, or undefined when the input does not match.
Result<v8::Local<v8::Value>> url_pattern_exec(js::Call& call, js::Handle<Pattern> pattern, std::string text,
                                              std::optional<Init> init, std::optional<std::string> base) {
  std::optional<std::string_view> base_view = base;
  auto match = pattern->exec(to_input(text, std::move(init)), address(base_view));
  if (!match) return Error::type_error("Failed to exec URLPattern");
  if (!*match) return v8::Undefined(call.v8()).As<v8::Value>();
  const auto& result = **match;
  v8::Local<v8::Value> components[] = {
      to_object(call, result.protocol, pattern->protocol_component.group_name_list),
      to_object(call, result.username, pattern->username_component.group_name_list),
      to_object(call, result.password, pattern->password_component.group_name_list),
      to_object(call, result.hostname, pattern->hostname_component.group_name_list),
      to_object(call, result.port, pattern->port_component.group_name_list),
      to_object(call, result.pathname, pattern->pathname_component.group_name_list),
      to_object(call, result.search, pattern->search_component.group_name_list),
      to_object(call, result.hash, pattern->hash_component.group_name_list),
  };
  return v8::Array::New(call.v8(), components, std::size(components)).As<v8::Value>();
}

}  // namespace

void register_url_pattern(js::OpTable& ops) {
  ops.add<url_pattern_create>("url_pattern_create");
  ops.add<url_pattern_components>("url_pattern_components");
  ops.add<url_pattern_has_groups>("url_pattern_has_groups");
  ops.add<url_pattern_test>("url_pattern_test");
  ops.add<url_pattern_exec>("url_pattern_exec");
}

}  // namespace adit::web
