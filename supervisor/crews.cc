#include "supervisor/crews.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "common/files.h"
#include "common/yaml.h"

namespace lc {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRuntimeSuffix = ".runtime.yaml";
// Longer files are refused by the YAML reader with its own words.
constexpr std::size_t kReadBytesMax = kYamlBytesMax * 2;

void add_runtime_files(const fs::path& folder, std::vector<std::string>& files) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;  // what cannot be looked at is no regular file
    if (!crew_file_stem(it->path().native()).empty() && it->is_regular_file(ignored)) {
      files.push_back(it->path().native());
    }
  }
}

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

Diagnostic file_problem(const std::string& file, const Error& error) {
  return {{file}, Severity::error, error.message, ""};
}

}  // namespace

std::string_view crew_file_stem(std::string_view file) {
  file.remove_prefix(file.rfind('/') + 1);  // npos + 1 is 0
  return file.ends_with(kRuntimeSuffix) ? file.substr(0, file.size() - kRuntimeSuffix.size())
                                        : std::string_view();
}

std::vector<std::string> find_crew_files(const std::string& folder) {
  std::vector<std::string> files;
  add_runtime_files(folder, files);
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored) && !it->path().filename().native().starts_with('.')) {
      add_runtime_files(it->path(), files);
    }
  }
  std::ranges::sort(files);
  return files;
}

proto::ManifestResult load_crew(const std::string& file) {
  const auto text = read_text_file(file, kReadBytesMax);
  if (!text) {
    return {{}, {file_problem(file, text.error())}, std::string(crew_file_stem(file))};
  }
  const fs::path folder = fs::path(file).parent_path();
  const std::string prompt_file = (folder / (std::string(crew_file_stem(file)) + ".yaml")).native();
  proto::ManifestSource source = {.text = *text, .file = file};
  source.has_crewai_files =
      exists((folder / "agents.yaml").native()) || exists((folder / "tasks.yaml").native());
  if (crew_file_stem(file).empty() || !exists(prompt_file)) {
    return proto::parse_manifest(source);
  }
  std::error_code error;
  if (!fs::is_regular_file(prompt_file, error)) {  // a FIFO would hold the start for ever
    proto::ManifestResult result = proto::parse_manifest(source);
    result.diagnostics.push_back({{prompt_file}, Severity::error, "it is no regular file", ""});
    result.manifest.reset();
    return result;
  }
  const auto prompt_text = read_text_file(prompt_file, kReadBytesMax);
  if (prompt_text) {
    source.prompt_text = *prompt_text;
    source.prompt_file = prompt_file;
    return proto::parse_manifest(source);
  }
  proto::ManifestResult result = proto::parse_manifest(source);
  result.diagnostics.push_back(file_problem(prompt_file, prompt_text.error()));
  result.manifest.reset();
  return result;
}

LoadedCrews load_crew_files(const std::vector<std::string>& files,
                            const std::vector<std::string>& also_known) {
  LoadedCrews loaded;
  std::vector<std::string> known = also_known;
  std::vector<proto::Manifest> drafts;
  for (const std::string& file : files) {
    proto::ManifestResult result = load_crew(file);
    loaded.diagnostics.insert(loaded.diagnostics.end(), result.diagnostics.begin(),
                              result.diagnostics.end());
    if (result.manifest) {
      loaded.crews.push_back(std::move(*result.manifest));
    }
    if (!result.draft.crew.empty()) {
      drafts.push_back(std::move(result.draft));
    } else if (!result.crew.empty()) {
      known.push_back(result.crew);  // it exists: a need of it is not the mistake
    }
  }
  const auto by_name = [](const proto::Manifest& manifest) { return manifest.crew; };
  std::ranges::stable_sort(loaded.crews, {}, by_name);
  const std::vector<Diagnostic> together = proto::check_crews(drafts, known);
  loaded.diagnostics.insert(loaded.diagnostics.end(), together.begin(), together.end());
  sort_diagnostics(loaded.diagnostics);
  return loaded;
}

LoadedCrews load_crews(const std::string& folder) {
  std::error_code error;
  const bool is_folder = fs::is_directory(folder, error);
  const std::vector<std::string> files = find_crew_files(folder);
  if (!is_folder || files.empty()) {
    return {{},
            {{{folder},
              Severity::error,
              is_folder ? "no crews: the folder holds no *.runtime.yaml and no */*.runtime.yaml"
                        : "no such folder of crews",
              is_folder ? "put each crew in a folder of its own, as in vision/vision.runtime.yaml"
                        : "name an existing folder with --crews"}}};
  }
  return load_crew_files(files, {});
}

}  // namespace lc
