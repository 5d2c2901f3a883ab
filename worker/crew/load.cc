#include "worker/crew/load.h"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/diagnostic.h"
#include "common/fd.h"
#include "worker/crew/program.h"
#include "worker/crew/prompt.h"
#include "worker/llm/cassette_model.h"
#include "worker/llm/http_model.h"
#include "worker/llm/settings.h"

namespace lc::worker {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kManifestEnding = ".runtime.yaml";

Result<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return std::unexpected(errno_error("opening " + path.string(), errno));
  }
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string join(const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) {
    out += (out.empty() ? "" : "\n") + format_diagnostic(diagnostic);
  }
  return out;
}

// `<crew>.yaml` beside `<crew>.runtime.yaml`.
fs::path prompt_path(const fs::path& manifest) {
  std::string name = manifest.filename().string();
  if (name.ends_with(kManifestEnding)) {
    name.resize(name.size() - kManifestEnding.size());
  }
  return manifest.parent_path() / (name + ".yaml");
}

Result<std::unique_ptr<ModelClient>> play_cassette(const CassetteFile& file, const CrewId& crew) {
  LC_TRY(auto entries, proto::parse_cassette(file.text, file.path));
  return std::make_unique<CassetteModel>(file.path, std::move(entries), crew);
}

Result<std::unique_ptr<ModelClient>> ask_service(const proto::LlmConfig& config,
                                                 const Environment& environment,
                                                 const OnProgress& on_progress) {
  LC_TRY(LlmSettings settings, resolve_llm(config, environment));
  return HttpModelClient::create(std::move(settings), on_progress);
}

}  // namespace

Result<proto::Manifest> load_manifest(const std::string& file) {
  const fs::path path = file;
  LC_TRY(const std::string text, read_file(path));
  const fs::path prompt = prompt_path(path);
  std::string prompt_text;
  std::error_code error;
  if (prompt != path && fs::is_regular_file(prompt, error)) {
    LC_TRY(prompt_text, read_file(prompt));
  }
  proto::ManifestResult result = proto::parse_manifest(
      {.text = text,
       .file = path.native(),
       .prompt_text = prompt_text,
       .prompt_file = prompt_text.empty() ? std::string_view() : prompt.native()});
  if (!result.manifest) {
    return fail(ErrorCode::invalid_input, join(result.diagnostics));
  }
  result.manifest->folder = fs::absolute(path).parent_path().string();
  return std::move(*result.manifest);
}

Result<std::unique_ptr<Crew>> load_crew(const proto::WorkerConfig& config, ChildTree& tree,
                                        const Environment& environment,
                                        const std::optional<CassetteFile>& cassette,
                                        const OnProgress& on_progress) {
  LC_TRY(const proto::Manifest manifest, load_manifest(config.manifest));
  if (!config.crew.empty() && manifest.crew != config.crew) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("{}:{}: the file is of crew '{}', the worker was started for '{}'",
                    config.manifest, manifest.where.line, manifest.crew.value, config.crew.value));
  }
  if (!manifest.runner.empty()) {
    proto::WorkerConfig named = config;
    named.crew = manifest.crew;
    return std::make_unique<ProgramCrew>(ProgramCrew::Options{
        .command = manifest.runner,
        .environment =
            to_words(program_environment(environment, named, find_python_dir(environment))),
        .folder = manifest.folder,
        .tree = tree,
        .on_progress = on_progress});
  }
  if (!manifest.prompt) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{}: crew '{}' has neither 'runner' nor a prompt", config.manifest,
                            manifest.crew.value));
  }
  std::unique_ptr<ModelClient> model;
  if (needs_model(*manifest.prompt)) {
    LC_TRY(model, cassette ? play_cassette(*cassette, manifest.crew)
                           : ask_service(config.llm, environment, on_progress));
  }
  return PromptCrew::create(*manifest.prompt, std::move(model), on_progress);
}

}  // namespace lc::worker
