#include "worker/config/compatibility.h"

#include <fmt/format.h>

#include <algorithm>

namespace adit::worker {
namespace {

constexpr CompatibilityFlag flags_by_name[] = {
    {"allow_custom_ports", "ignore_custom_ports", "2024-09-02", false},
    {"allow_eval_during_startup", "disallow_eval_during_startup", "2025-06-01", true},
    {"assets_navigation_prefers_asset_serving", "", "2025-04-01", false},
    {"bind_asynclocalstorage_snapshot_to_request", "", "2025-06-16", false},
    {"blob_standard_mime_type", "blob_legacy_mime_type", "2024-06-03", true},
    {"brotli_content_encoding", "no_brotli_content_encoding", "2024-04-29", false},
    {"cache_api_compat_flags", "no_cache_api_compat_flags", "2025-04-19", false},
    {"cache_api_request_cf_overrides_cache_rules", "no_cache_api_request_cf_overrides_cache_rules", "2025-05-19",
     false},
    {"cache_no_cache_enabled", "cache_no_cache_disabled", "2025-08-07", true},
    {"cache_option_enabled", "cache_option_disabled", "2024-11-11", true},
    {"capture_async_api_throws", "do_not_capture_async_api_throws", "2022-10-31", false},
    {"containers_pid_namespace", "no_containers_pid_namespace", "2026-04-01", false},
    {"crypto_preserve_public_exponent", "no_crypto_preserve_public_exponent", "2023-12-01", false},
    {"delete_all_deletes_alarm", "delete_all_preserves_alarm", "2026-02-24", false},
    {"diagnostics_channel_has_subscribers_getter", "", "", false},
    {"disable_top_level_await_in_require", "enable_top_level_await_in_require", "2024-12-02", false},
    {"disallow_importable_env", "", "", false},
    {"dont_substitute_null_on_type_error", "substitute_null_on_type_error", "2022-06-01", false},
    {"durable_object_alarms", "", "", false},
    {"durable_object_fetch_requires_full_url", "durable_object_fetch_allows_relative_url", "2021-11-10", false},
    {"dynamic_dispatch_tunnel_exceptions", "dynamic_dispatch_treat_exceptions_as_500", "2023-03-01", false},
    {"enable_ctx_exports", "disable_ctx_exports", "2025-11-17", true},
    {"enable_email_sending_queuing", "", "", false},
    {"enable_fast_jsg_struct", "disable_fast_jsg_struct", "2025-12-03", false},
    {"enable_global_performance_classes", "", "", true},
    {"enable_navigator_language", "disable_navigator_language", "2025-05-19", true},
    {"enable_nodejs_child_process_module", "", "", false},
    {"enable_nodejs_cluster_module", "", "", false},
    {"enable_nodejs_console_module", "", "", false},
    {"enable_nodejs_dgram_module", "", "", false},
    {"enable_nodejs_domain_module", "", "", false},
    {"enable_nodejs_fs_module", "", "", false},
    {"enable_nodejs_global_timers", "", "", false},
    {"enable_nodejs_http2_module", "", "", false},
    {"enable_nodejs_http_modules", "", "", false},
    {"enable_nodejs_http_server_modules", "", "", false},
    {"enable_nodejs_inspector_module", "", "", false},
    {"enable_nodejs_os_module", "", "", false},
    {"enable_nodejs_perf_hooks_module", "", "", false},
    {"enable_nodejs_process_v2", "", "", false},
    {"enable_nodejs_punycode_module", "", "", false},
    {"enable_nodejs_readline_module", "", "", false},
    {"enable_nodejs_repl_module", "", "", false},
    {"enable_nodejs_sqlite_module", "", "", false},
    {"enable_nodejs_stream_wrap_module", "", "", false},
    {"enable_nodejs_trace_events_module", "", "", false},
    {"enable_nodejs_tty_module", "", "", false},
    {"enable_nodejs_v8_module", "", "", false},
    {"enable_nodejs_vm_module", "", "", false},
    {"enable_nodejs_wasi_module", "", "", false},
    {"enable_nodejs_worker_threads_module", "", "", false},
    {"enable_python_external_sdk", "", "2026-04-21", false},
    {"enable_request_signal", "disable_request_signal", "", true},
    {"enable_streams_nodejs_v24_compat", "", "", false},
    {"enable_validate_workflow_entrypoint", "disable_validate_workflow_entrypoint", "2025-09-20", false},
    {"enable_weak_ref", "disable_weak_ref", "2025-05-05", true},
    {"encoder_stream_spec_compliant_backpressure", "no_encoder_stream_spec_compliant_backpressure", "2026-03-24",
     false},
    {"enhanced_error_serialization", "legacy_error_serialization", "2026-04-21", true},
    {"env_module_nullable_support", "", "", false},
    {"export_commonjs_default", "export_commonjs_namespace", "2022-10-31", false},
    {"expose_global_message_channel", "no_expose_global_message_channel", "2025-08-15", true},
    {"fetch_iterable_type_support", "no_fetch_iterable_type_support", "2026-02-19", true},
    {"fetch_iterable_type_support_override_adjustment", "no_fetch_iterable_type_support_override_adjustment",
     "2026-02-19", false},
    {"fetch_refuses_unknown_protocols", "fetch_treats_unknown_protocols_as_http", "2021-11-10", false},
    {"fetch_standard_url", "fetch_legacy_url", "2024-06-03", false},
    {"fetcher_no_get_put_delete", "fetcher_has_get_put_delete", "2024-03-26", false},
    {"fixup-transform-stream-backpressure", "", "2024-12-16", false},
    {"formdata_parser_supports_files", "formdata_parser_converts_files_to_strings", "2021-11-03", true},
    {"global_fetch_strictly_public", "", "", false},
    {"global_navigator", "no_global_navigator", "2022-03-21", true},
    {"handle_cross_request_promise_resolution", "no_handle_cross_request_promise_resolution", "2024-10-14", false},
    {"html_rewriter_treats_esi_include_as_void_tag", "", "", true},
    {"http_headers_getsetcookie", "no_http_headers_getsetcookie", "2023-03-01", true},
    {"immutable_api_prototypes", "", "", false},
    {"internal_stream_byob_return_view", "internal_stream_byob_return_undefined", "2024-05-13", false},
    {"internal_writable_stream_abort_clears_queue", "", "2024-09-02", false},
    {"minimal_subrequests", "no_minimal_subrequests", "2022-04-05", false},
    {"no_cf_botmanagement_default", "cf_botmanagement_default", "2023-08-01", false},
    {"no_cots_on_external_fetch", "cots_on_external_fetch", "2022-03-08", false},
    {"no_global_importscripts", "global_importscripts", "2024-03-04", true},
    {"no_resizable_array_buffer_in_blob", "", "", false},
    {"nodejs_als", "", "", true},
    {"nodejs_compat", "", "", true},
    {"nodejs_compat_populate_process_env", "", "", false},
    {"nodejs_compat_v2", "", "", true},
    {"nodejs_zlib", "", "", false},
    {"nonclass_entrypoint_reuses_ctx_across_invocations", "", "", false},
    {"pedantic_wpt", "", "", false},
    {"python_check_rng_state", "", "", false},
    {"python_dedicated_snapshot", "", "", false},
    {"python_external_packages", "", "", false},
    {"python_no_global_handlers", "", "2025-08-14", false},
    {"python_request_headers_preserve_commas", "", "2026-02-17", false},
    {"python_workers", "", "", false},
    {"python_workers_20250116", "", "", false},
    {"python_workers_force_new_vendor_path", "", "2025-08-11", false},
    {"python_workflows", "", "", false},
    {"python_workflows_implicit_dependencies", "", "", false},
    {"queue_consumer_no_wait_for_wait_until", "", "", false},
    {"queue_expose_error_codes", "no_queue_expose_error_codes", "2026-03-12", false},
    {"queues_json_messages", "no_queues_json_messages", "2024-03-18", false},
    {"r2_list_honor_include", "", "2022-08-04", false},
    {"r2_public_beta_bindings", "", "2021-01-01", false},
    {"remove_nodejs_compat_eol", "", "", false},
    {"remove_nodejs_compat_eol_v22", "", "", false},
    {"remove_nodejs_compat_eol_v23", "", "", false},
    {"remove_nodejs_compat_eol_v24", "", "", false},
    {"request_cf_overrides_cache_rules", "no_request_cf_overrides_cache_rules", "2025-04-02", false},
    {"request_signal_passthrough", "", "", false},
    {"require_returns_default_export", "", "2026-01-22", false},
    {"response_redirect_url_standard", "response_redirect_url_original", "2023-03-14", true},
    {"rpc", "no_rpc", "2024-04-03", false},
    {"rpc_params_dup_stubs", "rpc_params_transfer_stubs", "2026-01-20", true},
    {"set_event_target_this", "no_set_event_target_this", "2025-08-01", true},
    {"set_forwardable_email_full_headers", "", "2025-08-01", false},
    {"set_tostring_tag", "do_not_set_tostring_tag", "2024-09-26", true},
    {"streams_byob_reader_detaches_buffer", "streams_byob_reader_does_not_detach_buffer", "2021-11-10", false},
    {"streams_enable_constructors", "streams_disable_constructors", "2022-11-30", false},
    {"strict_compression_checks", "no_strict_compression_checks", "2023-08-01", true},
    {"strict_crypto_checks", "no_strict_crypto_checks", "2023-08-01", false},
    {"strip_authorization_on_cross_origin_redirect", "retain_authorization_on_cross_origin_redirect", "2025-09-01",
     true},
    {"strip_bom_in_read_all_text", "do_not_strip_bom_in_read_all_text", "2026-01-13", true},
    {"tcp_sockets_support", "", "", false},
    {"text_decoder_cjk_decoder", "disable_text_decoder_cjk_decoder", "2026-03-03", false},
    {"text_decoder_replace_surrogates", "disable_text_decoder_replace_surrogates", "2026-02-24", false},
    {"throw_on_unrecognized_import_assertion", "", "2025-06-16", false},
    {"transformstream_enable_standard_constructor", "transformstream_disable_standard_constructor", "2022-11-30",
     false},
    {"unhandled_rejection_after_microtask_checkpoint", "no_unhandled_rejection_after_microtask_checkpoint",
     "2026-03-03", false},
    {"unique_ctx_per_invocation", "nonunique_ctx_per_invocation", "2025-03-10", false},
    {"unwrap_custom_thenables", "no_unwrap_custom_thenables", "2024-04-01", false},
    {"upper_case_all_http_methods", "no_upper_case_all_http_methods", "2024-10-14", true},
    {"url_standard", "url_original", "2022-10-31", false},
    {"urlpattern_standard", "urlpattern_original", "2025-05-01", false},
    {"urlsearchparams_delete_has_value_arg", "no_urlsearchparams_delete_has_value_arg", "2023-07-01", true},
    {"vectorize_query_metadata_optional", "", "2023-11-08", false},
    {"web_socket_auto_reply_to_close", "no_web_socket_auto_reply_to_close", "2026-04-07", true},
    {"web_socket_compression", "no_web_socket_compression", "2023-08-15", true},
    {"websocket_close_reason_byte_limit", "no_websocket_close_reason_byte_limit", "2026-03-03", true},
    {"websocket_standard_binary_type", "no_websocket_standard_binary_type", "2026-03-17", true},
    {"workers_api_getters_setters_on_prototype", "workers_api_getters_setters_on_instance", "2022-01-31", false},
    {"workflows_preserve_non_retryable_error_message", "", "", false},
    {"writable_stream_spec_compliant_writer", "no_writable_stream_spec_compliant_writer", "2026-03-24", false},
};

bool contains(const std::vector<std::string>& flags, std::string_view flag) {
  return !flag.empty() && std::ranges::find(flags, flag) != flags.end();
}

bool is_on(const CompatibilityFlag& flag, std::string_view date, const std::vector<std::string>& flags) {
  if (contains(flags, flag.opposite)) return false;
  return contains(flags, flag.name) || (!flag.since.empty() && date >= flag.since);
}

}  // namespace

std::span<const CompatibilityFlag> compatibility_flags() { return flags_by_name; }

bool is_enabled(std::string_view name, std::string_view date, const std::vector<std::string>& flags) {
  for (const auto& flag : flags_by_name)
    if (flag.name == name) return is_on(flag, date, flags);
  return false;
}

std::string compatibility_warning(std::string_view name) {
  if (name.empty()) return "a compatibility flag has no name";
  for (const auto& flag : flags_by_name) {
    if (flag.name != name && flag.opposite != name) continue;
    // What is not applied is built as it is from the flag's date on.
    bool is_default = !flag.since.empty() && flag.name == name;
    if (flag.is_applied || is_default || name.starts_with("nodejs") || name.find("_nodejs_") != std::string_view::npos)
      return {};
    return fmt::format("compatibility flag \"{}\" changes nothing in Adit", name);
  }
  return fmt::format("compatibility flag \"{}\" is not known; it changes nothing", name);
}

}  // namespace adit::worker
