#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/diagnostic.h"
#include "common/ids.h"
#include "common/yaml.h"
#include "proto/confinement.h"

namespace lc::proto {

enum class NeedType { crew, event };

/// Another crew's completion or an event's kind that a reaction waits for.
struct Need {
  NeedType type = NeedType::crew;
  std::string name;         // crew or kind
  std::int64_t offset = 0;  // slices, relative to the trigger; crew: -1, event: 0 by default

  bool operator==(const Need&) const = default;
};

/// `vision@-1`
std::string need_label(const Need& need);

enum class WaitPolicy { all, any, none, timeout };
enum class BacklogPolicy { fifo, latest };
enum class DispatchMode { slice, event };

inline constexpr std::int64_t kMaxErrorsDefault = 3;
inline constexpr std::int64_t kMaxErrorsMax = 1'000'000;
inline constexpr std::int64_t kTimeoutMsMax = 86'400'000;
inline constexpr std::int64_t kIdleTimeoutMsMin = 50;  // progress is told every 20 ms at most
inline constexpr std::int64_t kInitTimeoutMsMin = 100;
inline constexpr std::int64_t kInitTimeoutMsMax = 600'000;
inline constexpr std::int64_t kInitTimeoutMsDefault = 30'000;
inline constexpr std::int64_t kSpareMax = 4;
inline constexpr std::int64_t kSliceStrideMax = 1'000'000;
inline constexpr std::int64_t kNeedOffsetMax = 1'000;  // both ways
inline constexpr std::size_t kTriggersMax = 100;
inline constexpr std::size_t kNeedsMax = 100;
inline constexpr std::size_t kRunnerWordsMax = 100;
inline constexpr std::size_t kOutputsMax = 100;
inline constexpr std::int64_t kMaxTokensMax = 1'000'000;

/// One output of a prompt crew: the action's kind and a template for each payload field.
struct OutputTemplate {
  Kind kind;
  std::int64_t ttl_ms = 5'000;
  std::vector<std::pair<std::string, YamlNode>> fields;  // strings inside are templates
};

/// What makes a crew a prompt crew. Without `user_template` and `system_prompt` no model is called.
struct PromptSpec {
  std::string system_prompt;
  std::string user_template;
  std::string patch_template;
  std::string model;                       // empty: from the configuration
  std::optional<std::string> temperature;  // number as written
  std::optional<std::int64_t> max_tokens;
  std::vector<OutputTemplate> outputs;
};

/// `<crew>.runtime.yaml`: how a crew is woken, limited and run.
///
/// Units: times in milliseconds, stride and offsets in slices.
/// Source: proto/schemas/runtime.json; specification section 3.2.
struct Manifest {
  CrewId crew;
  std::vector<Kind> triggers;  // at least one
  std::vector<Need> needs;
  WaitPolicy wait_policy = WaitPolicy::all;  // `none` by default when there are no needs
  std::int64_t wait_timeout_ms = 0;          // for WaitPolicy::timeout
  std::int64_t slice_stride = 1;
  std::optional<std::int64_t> timeout_ms;       // absent: never killed for slowness
  std::optional<std::int64_t> idle_timeout_ms;  // killed when it tells no progress for so long
  std::int64_t init_timeout_ms = kInitTimeoutMsDefault;  // from its start until it is ready
  std::optional<std::int64_t> spare;  // worker processes that wait to take over; absent: auto
  Sandbox sandbox;
  CgroupLimits limits;
  BacklogPolicy backlog_policy = BacklogPolicy::fifo;
  std::int64_t max_errors = kMaxErrorsDefault;
  DispatchMode dispatch = DispatchMode::slice;
  std::vector<std::string> runner;  // a program crew's command; empty for a prompt crew
  std::optional<PromptSpec> prompt;
  std::string folder;                      // where the file lives: the program's working directory
  std::uint64_t fingerprint = 0;           // of the file, and of the prompt's file
  SourceLocation where;                    // of `crew:`
  std::vector<SourceLocation> need_where;  // as needs
};

/// How many spare workers the crew has: by default one when a deadline can kill its worker.
std::int64_t spare_count(const Manifest& manifest);

struct ManifestResult {
  std::optional<Manifest> manifest;  // absent when there are errors
  std::vector<Diagnostic> diagnostics;
  Manifest draft;    // what could be read, also when there are errors: to check other crews against
  std::string crew;  // the name as far as it can be known: the key's, else the file's
};

/// The texts that make one crew: `<crew>.runtime.yaml`, and `<crew>.yaml` beside it if it exists.
struct ManifestSource {
  std::string_view text;
  std::string_view file;
  std::string_view prompt_text = {};
  std::string_view prompt_file = {};  // empty: there is none
  bool has_crewai_files = false;      // agents.yaml or tasks.yaml lie beside it
};

/// Reads one crew; its templates are compiled, so that what is wrong in one has its place.
///
/// Errors: every problem of both files with its place, sorted; unknown keys get a suggestion.
ManifestResult parse_manifest(const ManifestSource& source);

/// The same, for two texts.
ManifestResult parse_manifest(std::string_view text, std::string_view file,
                              std::string_view prompt_text, std::string_view prompt_file);

/// Checks the crews against each other: names unique, needs known, no need of oneself, and no crews
/// that wait for each other so that none of them can ever run (the path is named). Crews that could
/// only run if one had run before (a cycle through earlier slices) get a warning.
///
/// `also_known` are crews that exist but are not among `crews`.
std::vector<Diagnostic> check_crews(const std::vector<Manifest>& crews,
                                    std::span<const std::string> also_known = {});

/// The same-slice topological phases: crews of phase k wait (at offset 0) only for crews of phases
/// < k. `crews` must have passed `check_crews`; where crews that need not wait (`any`, `timeout`)
/// close a circle, they are taken to start without.
std::vector<std::vector<CrewId>> same_slice_phases(const std::vector<Manifest>& crews);

std::string_view to_string(NeedType type);
std::string_view to_string(WaitPolicy policy);
std::string_view to_string(BacklogPolicy policy);
std::string_view to_string(DispatchMode mode);

/// `all`, `any`, `none` or `timeout:250`, as the file says it.
std::string wait_policy_text(const Manifest& manifest);

}  // namespace lc::proto
