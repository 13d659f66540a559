// `adit init`. Owner: main's thread.
#include "cli/init.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "worker/config/config.h"

namespace adit::cli {
namespace {

namespace fs = std::filesystem;

struct Template {
  std::string_view path;
  std::string_view text;  // NAME and DATE are replaced
};

constexpr Template k_templates[] = {
    {"wrangler.jsonc", R"({
  "$schema": "node_modules/wrangler/config-schema.json",
  "name": "NAME",
  "main": "src/index.ts",
  "compatibility_date": "DATE",
  "vars": {
    "GREETING": "Hello"
  }
}
)"},
    {"src/index.ts", R"(interface Env {
  GREETING: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return new Response(`${env.GREETING} from NAME\n`);
    return new Response("Not found\n", { status: 404 });
  },
} satisfies ExportedHandler<Env>;
)"},
    {"package.json", R"({
  "name": "NAME",
  "private": true,
  "type": "module",
  "scripts": {
    "dev": "adit dev",
    "check": "adit check && tsc --noEmit"
  },
  "devDependencies": {
    "@cloudflare/workers-types": "^4.0.0",
    "typescript": "^5.0.0",
    "wrangler": "^4.0.0"
  }
}
)"},
    {"tsconfig.json", R"({
  "compilerOptions": {
    "target": "ES2023",
    "module": "ES2022",
    "moduleResolution": "Bundler",
    "lib": ["ES2023"],
    "types": ["@cloudflare/workers-types"],
    "strict": true,
    "noEmit": true,
    "isolatedModules": true,
    "skipLibCheck": true
  },
  "include": ["src"]
}
)"},
    {".gitignore", R"(node_modules/
.adit/
.wrangler/
.dev.vars*
.env*
)"},
};

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// The directory's name as a worker's name: lower-case letters, digits and dashes.
std::string worker_name(const fs::path& directory) {
  std::string name;
  for (char c : directory.filename().string()) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (good) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "worker" : name.substr(0, 63);
}

Result<void> write_file(const fs::path& path, const std::string& text) {
  std::error_code failure;
  fs::create_directories(path.parent_path(), failure);
  if (failure) return Error::io(fmt::format("{}: {}", path.parent_path().string(), failure.message()));
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) return Error::io(fmt::format("{} cannot be written", path.string()));
  return {};
}

}  // namespace

Result<int> run_init(const InitOptions& options, const Clock& clock, const std::function<void(std::string_view)>& out) {
  std::error_code failure;
  fs::path directory = fs::absolute(options.name, failure).lexically_normal();
  if (!directory.has_filename()) directory = directory.parent_path();
  if (fs::exists(directory, failure)) {
    if (!fs::is_directory(directory, failure))
      return Error::failed(fmt::format("{} exists and is not a directory", options.name));
    if (!fs::is_empty(directory, failure))
      return Error::failed(fmt::format("{} is not empty; nothing was written", options.name));
  }
  std::string name = worker_name(directory);
  std::string today = worker::utc_date(clock);
  for (const Template& file : k_templates) {
    TRY(write_file(directory / file.path, replaced(replaced(std::string(file.text), "DATE", today), "NAME", name)));
    out(fmt::format("wrote {}\n", (fs::path(options.name) / file.path).lexically_normal().string()));
  }
  out(fmt::format("\n{} is ready:\n\n", name));
  if (fs::path(options.name).lexically_normal() != ".") {
    bool quoted = options.name.find_first_of(" \t'\"$&();<>|") != std::string::npos;
    out(quoted ? fmt::format("  cd \"{}\"\n", options.name) : fmt::format("  cd {}\n", options.name));
  }
  out("  adit dev\n\n\"npm install\" adds the types that editors use.\n");
  return 0;
}

}  // namespace adit::cli
