// The field table. Names, types and inheritance follow the configuration schema that wrangler 4 publishes (config-schema.json, 4.164).
#include "worker/config/fields.h"

#include <fmt/format.h>

#include <algorithm>

namespace adit::worker {
namespace {

using enum Scope;
using enum Support;

#define REMOTE "remote?: boolean"

constexpr Field k_fields[] = {
    // The worker.
    {"$schema", top_level, no_effect, "schema", "string", "For editors."},
    {"name", inherited, supported, "name", "string",
     "Lower-case letters, digits, `-` and `_`. In an environment: its own, or `NAME-ENVIRONMENT`."},
    {"main", inherited, supported, "entry point", "string", "Relative to the file."},
    {"compatibility_date", inherited, supported, "compatibility date", "string", "Today when absent, with a warning."},
    {"compatibility_flags", inherited, supported, "compatibility flags", "[string]", ""},
    {"env", top_level, supported, "environments", "", "Chosen by `--env` or `CLOUDFLARE_ENV`."},
    {"vars", per_environment, supported, "variables", "{*: any}",
     "Any JSON value. `.dev.vars` or `.env`, and then `--var`, override it."},
    {"secrets", per_environment, supported, "secrets", "{required?: [string]}",
     "With `required`, only those names are taken from `.dev.vars` and `.env`; a missing one is a warning."},
    {"keep_vars", top_level, no_effect, "kept variables", "boolean", "Concerns deployment."},

    // How its code is built.
    {"build", inherited, supported, "custom build", "{command?: string, cwd?: string, watch_dir?: string | [string]}",
     ""},
    {"rules", inherited, supported, "module rules",
     "[{type: 'ESModule' | 'CommonJS' | 'CompiledWasm' | 'Text' | 'Data' | 'PythonModule' | 'PythonRequirement', "
     "globs: [string], "
     "fallthrough?: boolean}]",
     "Python modules are not supported."},
    {"no_bundle", inherited, supported, "no bundling", "boolean", ""},
    {"find_additional_modules", inherited, supported, "additional modules", "boolean",
     "The default is the value of `no_bundle`; not yet built for bundled workers."},
    {"base_dir", inherited, supported, "base directory", "string", "The default is the directory of `main`."},
    {"preserve_file_names", inherited, supported, "file names", "boolean", ""},
    {"define", per_environment, supported, "definitions", "{*: string}", ""},
    {"alias", top_level, supported, "module aliases", "{*: string}", ""},
    {"minify", inherited, supported, "minification", "boolean", ""},
    {"keep_names", inherited, supported, "names", "boolean", ""},
    {"tsconfig", inherited, supported, "TypeScript configuration", "string", ""},
    {"jsx_factory", inherited, supported, "JSX factory", "string", ""},
    {"jsx_fragment", inherited, supported, "JSX fragment", "string", ""},
    {"upload_source_maps", inherited, no_effect, "source maps", "boolean",
     "Concerns deployment; stack traces are mapped."},
    {"python_modules", inherited, not_yet, "Python workers", "{exclude: [string]}", ""},
    {"wasm_modules", top_level, not_yet, "service-worker modules", "{*: string}", "Import the module instead."},
    {"text_blobs", top_level, not_yet, "service-worker modules", "{*: string}", "Import the file instead."},
    {"data_blobs", top_level, not_yet, "service-worker modules", "{*: string}", "Import the file instead."},

    // Where and when it runs.
    {"route", inherited, supported, "routes",
     "string | {pattern: string, zone_id: string, custom_domain?: boolean, enabled?: boolean, previews_enabled?: "
     "boolean} | "
     "{pattern: string, zone_name: string, custom_domain?: boolean, enabled?: boolean, previews_enabled?: boolean} | "
     "{pattern: string, custom_domain: boolean, enabled?: boolean, previews_enabled?: boolean}",
     "Not together with `routes`. `enabled` and `previews_enabled` have no effect."},
    {"routes", inherited, supported, "routes",
     "[string | {pattern: string, zone_id: string, custom_domain?: boolean, enabled?: boolean, previews_enabled?: "
     "boolean} | "
     "{pattern: string, zone_name: string, custom_domain?: boolean, enabled?: boolean, previews_enabled?: boolean} | "
     "{pattern: string, custom_domain: boolean, enabled?: boolean, previews_enabled?: boolean}]",
     "`enabled` and `previews_enabled` have no effect."},
    {"workers_dev", inherited, no_effect, "workers.dev", "boolean", ""},
    {"preview_urls", inherited, no_effect, "preview URLs", "boolean", ""},
    {"triggers", inherited, supported, "triggers",
     "{crons?: [string], events?: [{type: string, filter?: {namespace?: string, repo_name?: string}, targets: [{type: "
     "'workflow', "
     "workflow_name: string}]}]}",
     "`crons` are checked and not yet run; `events` has no effect."},
    {"limits", inherited, supported, "limits", "{cpu_ms?: integer, subrequests?: integer}", ""},
    {"dev", top_level, supported, "development server",
     "{ip?: string, port?: port, inspector_port?: port, inspector_ip?: string, local_protocol?: 'http' | 'https', "
     "upstream_protocol?: "
     "'http' | 'https', host?: string, enable_containers?: boolean, container_engine?: string | {localDocker: "
     "{socketPath: string, "
     "containerEgressInterceptorImage?: string}}, generate_types?: boolean}",
     "`ip`, `port`, `upstream_protocol`, `host`; `local_protocol` is not yet `https`; the rest has no effect."},
    {"placement", inherited, no_effect, "placement",
     "{mode: 'off' | 'smart', hint?: string} | {mode?: 'targeted', region: string} | {mode?: 'targeted', host: string} "
     "| {mode?: "
     "'targeted', hostname: string}",
     ""},
    {"connect", per_environment, not_yet, "raw sockets",
     "[{protocol: 'tcp', port: port, address?: string} | {protocol: 'udp', idle_timeout_ms?: number, "
     "max_pending_bytes?: number, port: "
     "port, address?: string}]",
     ""},
    {"addresses", top_level, not_yet, "e-mail addresses", "[string]", ""},

    // State and bindings.
    {"kv_namespaces", per_environment, supported, "KV",
     "[{binding: string, id?: string, preview_id?: string, " REMOTE "}]",
     "`remote` has no effect: namespaces are Adit's own."},
    {"durable_objects", per_environment, supported, "Durable Objects",
     "{bindings?: [{name: string, class_name: string, script_name?: string, environment?: string}], "
     "code_update_strategy?: {mode: "
     "'immediate' | 'deferred', max_delay?: number}}",
     "`code_update_strategy` has no effect."},
    {"migrations", inherited, supported, "Durable Object migrations",
     "[{tag: string, new_classes?: [string], new_sqlite_classes?: [string], renamed_classes?: [{from: string, to: "
     "string}], "
     "deleted_classes?: [string], transferred_classes?: [{from: string, from_script: string, to: string}]}]",
     "Checked in order."},
    {"exports", inherited, not_yet, "declared exports", "{*: {*: any}}", "Use `migrations`."},
    {"d1_databases", per_environment, supported, "D1",
     "[{binding: string, database_name?: string, database_id?: string, jurisdiction?: string, preview_database_id?: "
     "string, "
     "migrations_table?: string, migrations_dir?: string, migrations_pattern?: string, database_internal_env?: "
     "string, " REMOTE "}]",
     "`remote`, `preview_database_id` and `database_internal_env` have no effect: databases are Adit's own."},
    {"r2_buckets", per_environment, supported, "R2",
     "[{binding: string, bucket_name?: string, preview_bucket_name?: string, jurisdiction?: string, " REMOTE
     ", local_dev?: {experimental_s3_credentials?: {accessKeyId: string, secretAccessKey: string}}}]",
     "`remote`, `preview_bucket_name`, `jurisdiction` and `local_dev` have no effect: buckets are Adit's own."},
    {"queues", per_environment, not_yet, "Queues",
     "{producers?: [{binding: string, queue?: string, delivery_delay?: number, " REMOTE
     "}], consumers?: [{queue: string, type?: string, max_batch_size?: number, max_batch_timeout?: number, "
     "max_retries?: number, "
     "dead_letter_queue?: string, max_concurrency?: number | null, visibility_timeout_ms?: number, retry_delay?: "
     "number}]}",
     ""},
    {"services", per_environment, supported, "service bindings",
     "[{binding: string, service: string, environment?: string, entrypoint?: string, props?: {*: any}, " REMOTE "}]",
     "`remote` has no effect: the services are those that run beside it."},
    {"assets", inherited, not_yet, "static assets",
     "{directory?: string, binding?: string, html_handling?: 'auto-trailing-slash' | 'force-trailing-slash' | "
     "'drop-trailing-slash' | "
     "'none', not_found_handling?: 'single-page-application' | '404-page' | 'none', base_path?: string, "
     "run_worker_first?: boolean | "
     "[string]}",
     ""},
    {"site", top_level, not_yet, "Workers Sites",
     "{bucket: string, entry-point?: string, include?: [string], exclude?: [string]}", ""},
    {"workflows", per_environment, not_yet, "Workflows",
     "[{binding: string, name: string, class_name: string, script_name?: string, limits?: {steps?: number}, "
     "concurrency?: {limit?: "
     "number}, schedules?: string | [string], default_retention?: {success_retention?: number | string, "
     "error_retention?: number | "
     "string}, jurisdiction?: string, " REMOTE "}]",
     ""},
    {"hyperdrive", per_environment, not_yet, "Hyperdrive",
     "[{binding: string, id: string, localConnectionString?: string, " REMOTE "}]", ""},
    {"vectorize", per_environment, not_yet, "Vectorize", "[{binding: string, index_name: string, " REMOTE "}]", ""},
    {"analytics_engine_datasets", per_environment, not_yet, "Analytics Engine",
     "[{binding: string, dataset?: string, " REMOTE "}]", ""},
    {"analytics", per_environment, not_yet, "Analytics SQL", "{binding: string, " REMOTE "}", ""},
    {"ai", per_environment, not_yet, "Workers AI", "{binding: string, staging?: boolean, " REMOTE "}", ""},
    {"ai_search", per_environment, not_yet, "AI Search", "[{binding: string, instance_name: string, " REMOTE "}]", ""},
    {"ai_search_namespaces", per_environment, not_yet, "AI Search",
     "[{binding: string, namespace: string, " REMOTE "}]", ""},
    {"agent_memory", per_environment, not_yet, "Agent Memory", "[{binding: string, namespace: string, " REMOTE "}]",
     ""},
    {"browser", per_environment, not_yet, "Browser Rendering", "{binding: string, " REMOTE "}", ""},
    {"images", per_environment, not_yet, "Images", "{binding: string, " REMOTE "}", ""},
    {"media", per_environment, not_yet, "Media Transformations", "{binding: string, " REMOTE "}", ""},
    {"stream", per_environment, not_yet, "Stream", "{binding: string, " REMOTE "}", ""},
    {"version_metadata", per_environment, not_yet, "version metadata", "{binding: string}", ""},
    {"send_email", per_environment, not_yet, "e-mail",
     "[{name: string, destination_address?: string, allowed_destination_addresses?: [string], "
     "allowed_sender_addresses?: [string], " REMOTE "}]",
     ""},
    {"mtls_certificates", per_environment, not_yet, "mTLS certificates",
     "[{binding: string, certificate_id: string, " REMOTE "}]", ""},
    {"ratelimits", per_environment, not_yet, "rate limits",
     "[{name: string, namespace_id: string, simple: {limit: number, period: 10 | 60}}]", ""},
    {"secrets_store_secrets", per_environment, not_yet, "Secrets Store",
     "[{binding: string, store_id: string, secret_name: string}]", ""},
    {"dispatch_namespaces", per_environment, not_yet, "dispatch namespaces",
     "[{binding: string, namespace?: string, outbound?: {service: string, environment?: string, parameters?: "
     "[string]}, " REMOTE "}]",
     ""},
    {"worker_loaders", per_environment, not_yet, "Worker Loader", "[{binding: string}]", ""},
    {"pipelines", per_environment, not_yet, "Pipelines",
     "[{binding: string, stream?: string, pipeline?: string, " REMOTE "}]", ""},
    {"k2", per_environment, not_yet, "K2 streams", "[{binding: string, stream: string, " REMOTE "}]", ""},
    {"artifacts", per_environment, not_yet, "Artifacts", "[{binding: string, namespace: string, " REMOTE "}]", ""},
    {"flagship", per_environment, not_yet, "Flagship", "[{binding: string, app_id?: string, " REMOTE "}]", ""},
    {"vpc_services", per_environment, not_yet, "VPC services", "[{binding: string, service_id: string, " REMOTE "}]",
     ""},
    {"vpc_networks", per_environment, not_yet, "VPC networks",
     "[{binding: string, tunnel_id: string, " REMOTE "} | {binding: string, network_id: string, " REMOTE "}]", ""},
    {"containers", per_environment, not_yet, "Containers", "[{*: any}]", ""},
    {"cloudchamber", per_environment, not_yet, "Containers", "{*: any}", ""},
    {"unsafe", per_environment, not_yet, "unsafe bindings",
     "{bindings?: [{name: string, type: string, *: any}], metadata?: {*: any}, capnp?: {*: any}}", ""},
    {"unsafe_hello_world", per_environment, not_yet, "unsafe bindings", "[{binding: string, enable_timer?: boolean}]",
     ""},

    // Watching it.
    {"observability", inherited, no_effect, "observability",
     "{enabled?: boolean, head_sampling_rate?: number, redact_query_string?: boolean, issues?: {enabled?: boolean}, "
     "logs?: {enabled?: "
     "boolean, head_sampling_rate?: number, invocation_logs?: boolean, persist?: boolean, destinations?: [string]}, "
     "traces?: {enabled?: "
     "boolean, head_sampling_rate?: number, persist?: boolean, destinations?: [string]}}",
     "Everything is logged."},
    {"tail_consumers", per_environment, not_yet, "tail workers", "[{service: string, environment?: string}]", ""},
    {"streaming_tail_consumers", per_environment, not_yet, "tail workers", "[{service: string}]", ""},
    {"logpush", inherited, no_effect, "Logpush", "boolean", ""},
    {"logfwdr", inherited, no_effect, "log forwarding", "{bindings: [{name: string, destination: string}]}", ""},

    // Cloudflare's own.
    {"account_id", inherited, no_effect, "account", "string", ""},
    {"access", inherited, no_effect, "Access", "{dev?: {aud: string, identity?: {*: any}}}", ""},
    {"cache", inherited, no_effect, "cache", "{enabled?: boolean, cross_version_cache?: boolean}", ""},
    {"compliance_region", inherited, no_effect, "compliance region", "'public' | 'fedramp_high'", ""},
    {"first_party_worker", inherited, no_effect, "first-party worker", "boolean", ""},
    {"previews", inherited, no_effect, "previews", "{*: any}", ""},
    {"pages_build_output_dir", top_level, not_yet, "Pages", "string", ""},
    {"send_metrics", top_level, no_effect, "wrangler's metrics", "boolean", "Adit sends none."},
    {"dependencies_instrumentation", top_level, no_effect, "dependency metadata",
     "{enabled: boolean, exclude_packages?: [string]}", ""},
    {"legacy_env", top_level, no_effect, "legacy environments", "boolean", "Every environment is a worker of its own."},
};

#undef REMOTE

std::string_view scope_name(Scope scope) {
  switch (scope) {
    case top_level:
      return "top level only";
    case inherited:
      return "inherited";
    case per_environment:
      return "not inherited";
  }
  return {};
}

std::string_view support_name(Support support) {
  switch (support) {
    case supported:
      return "supported";
    case not_yet:
      return "parsed, not yet built";
    case no_effect:
      return "accepted, no effect";
  }
  return {};
}

}  // namespace

std::span<const Field> all_fields() { return k_fields; }

const Field* find_field(std::string_view name) {
  auto found = std::ranges::find(k_fields, name, &Field::name);
  return found == std::end(k_fields) ? nullptr : &*found;
}

std::string fields_as_markdown() {
  std::string out = "| Field | In environments | Support | Notes |\n| --- | --- | --- | --- |\n";
  for (const Field& field : k_fields) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", field.name, scope_name(field.scope), support_name(field.support),
                       field.note);
  }
  return out;
}

}  // namespace adit::worker
