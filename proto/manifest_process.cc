#include "proto/manifest_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lc::proto {
namespace {

constexpr std::array<std::string_view, 3> kSandboxLevels = {"off", "standard", "strict"};

std::optional<std::int64_t> take_int(YamlSource& source, YamlFields& fields, std::string_view key,
                                     IntRange range) {
  const YamlNode* node = fields.take(key);
  return node == nullptr ? std::nullopt : read_int(source, *node, fields.path_of(key), range);
}

void read_times(YamlSource& source, YamlFields& fields, Manifest& manifest) {
  const YamlNode* timeout = fields.take("timeout_ms");
  if (timeout != nullptr) {
    manifest.timeout_ms = read_int(source, *timeout, "timeout_ms", {1, kTimeoutMsMax});
  } else {
    source.diagnostics.push_back({manifest.where, Severity::warning,
                                  "timeout_ms is missing: a reaction that hangs is never killed",
                                  "set a limit, as in timeout_ms: 2000"});
  }
  if (const YamlNode* node = fields.take("idle_timeout_ms")) {
    manifest.idle_timeout_ms =
        read_int(source, *node, "idle_timeout_ms", {kIdleTimeoutMsMin, kTimeoutMsMax});
    if (manifest.idle_timeout_ms && manifest.timeout_ms &&
        *manifest.idle_timeout_ms >= *manifest.timeout_ms) {
      source.error(*node,
                   fmt::format("idle_timeout_ms: {} is not below timeout_ms, {}: it would never "
                               "be the one that ends a reaction",
                               *manifest.idle_timeout_ms, *manifest.timeout_ms),
                   "lower idle_timeout_ms or remove it");
    }
  }
  manifest.init_timeout_ms =
      take_int(source, fields, "init_timeout_ms", {kInitTimeoutMsMin, kInitTimeoutMsMax})
          .value_or(kInitTimeoutMsDefault);
}

void read_spare(YamlSource& source, YamlFields& fields, Manifest& manifest) {
  const YamlNode* node = fields.take("spare");
  if (node == nullptr || (node->kind == YamlKind::scalar && node->text == "auto")) {
    return;
  }
  const auto count = as_int(to_json(*node));
  if (node->kind == YamlKind::scalar && node->text == "off") {
    manifest.spare = 0;
  } else if (count && *count >= 0 && *count <= kSpareMax) {
    manifest.spare = *count;
  } else {
    source.error(*node,
                 fmt::format("spare: {} is not auto, off or a whole number from 0 to {}",
                             shown(*node), kSpareMax),
                 "auto keeps one spare worker when there is a timeout_ms");
  }
}

/// Paths are of the crew's folder unless they are absolute.
std::vector<std::string> read_paths(YamlSource& source, YamlFields& fields, std::string_view key,
                                    const Manifest& manifest) {
  std::vector<std::string> paths;
  const YamlNode* node = fields.take(key);
  if (node == nullptr) {
    return paths;
  }
  const auto items = read_list(source, *node, key, kSandboxPathsMax);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", key, i);
    const auto text = read_text(source, items[i], path);
    if (!text) {
      continue;
    }
    if (text->empty() || text->find('\0') != std::string::npos) {
      source.error(items[i], fmt::format("{}: {} is not a path", path, shown(items[i])));
      continue;
    }
    paths.push_back(text->starts_with('/') ? *text : manifest.folder + "/" + *text);
  }
  return paths;
}

void read_ports(YamlSource& source, YamlFields& fields, Manifest& manifest) {
  const YamlNode* node = fields.take("sandbox_connect");
  if (node == nullptr) {
    return;
  }
  const auto items = read_list(source, *node, "sandbox_connect", kSandboxPortsMax);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto port =
        read_int(source, items[i], fmt::format("sandbox_connect[{}]", i), {1, kPortMax});
    if (port) {
      manifest.sandbox.connect.push_back(*port);
    }
  }
}

void read_sandbox(YamlSource& source, YamlFields& fields, Manifest& manifest) {
  Sandbox& sandbox = manifest.sandbox;
  if (const YamlNode* node = fields.take("sandbox")) {
    sandbox.level = read_enum<SandboxLevel>(source, *node, "sandbox", kSandboxLevels)
                        .value_or(SandboxLevel::standard);
  }
  sandbox.read = read_paths(source, fields, "sandbox_read", manifest);
  sandbox.write = read_paths(source, fields, "sandbox_write", manifest);
  read_ports(source, fields, manifest);
  const std::array<std::pair<std::string_view, bool>, 3> given = {
      {{"sandbox_read", !sandbox.read.empty()},
       {"sandbox_write", !sandbox.write.empty()},
       {"sandbox_connect", !sandbox.connect.empty()}}};
  for (const auto& [key, is_given] : given) {
    if (sandbox.level == SandboxLevel::off && is_given) {
      source.error(*fields.take(key), fmt::format("{}: has no effect with sandbox: off", key),
                   "remove one of them");
    }
  }
}

void read_limits(YamlSource& source, YamlFields& top, Manifest& manifest) {
  const YamlNode* node = top.take("limits");
  if (node == nullptr) {
    return;
  }
  if (node->kind != YamlKind::mapping) {
    source.error(*node, fmt::format("limits: expected a mapping, found {}", shown(*node)),
                 "write limits: {memory_mb: 512}");
    return;
  }
  YamlFields fields(source, *node, "limits.");
  CgroupLimits& limits = manifest.limits;
  limits.memory_mb = take_int(source, fields, "memory_mb", {kMemoryMbMin, kMemoryMbMax});
  limits.pids = take_int(source, fields, "pids", {kPidsMin, kPidsMax}).value_or(kPidsDefault);
  limits.cpu_weight =
      take_int(source, fields, "cpu_weight", {1, kCpuWeightMax}).value_or(kCpuWeightDefault);
  manifest.sandbox.open_files =
      take_int(source, fields, "open_files", {kOpenFilesMin, kOpenFilesMax})
          .value_or(kOpenFilesDefault);
  manifest.sandbox.file_size_mb = take_int(source, fields, "file_size_mb", {1, kFileSizeMbMax});
  fields.refuse_unknown();
}

}  // namespace

void read_process_keys(YamlSource& source, YamlFields& fields, Manifest& manifest) {
  read_times(source, fields, manifest);
  read_spare(source, fields, manifest);
  read_sandbox(source, fields, manifest);
  read_limits(source, fields, manifest);
}

}  // namespace lc::proto
