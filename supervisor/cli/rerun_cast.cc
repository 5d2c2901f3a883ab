#include "supervisor/cli/rerun_cast.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "supervisor/crews.h"

namespace lc::cli {
namespace {

using engine::CrewSpec;

std::vector<CrewSpec> specs_of(const std::vector<proto::Manifest>& crews) {
  std::vector<CrewSpec> specs;
  specs.reserve(crews.size());
  for (const proto::Manifest& crew : crews) {
    specs.push_back(engine::crew_spec(crew));
  }
  return specs;
}

void set_real(LoadedCast& loaded) {
  for (const proto::Manifest& crew : loaded.crews) {
    loaded.cast.real.insert(crew.crew);
  }
}

// The file of `crew` in a folder of its own, or in a folder of crews.
std::string find_crew_file(const std::string& folder, const std::string& crew) {
  for (const std::string& file : find_crew_files(folder)) {
    if (load_crew(file).crew == crew) {
      return file;
    }
  }
  return {};
}

}  // namespace

LoadedCast cast_of_folder(const std::string& folder) {
  LoadedCrews crews = load_crews(folder);
  LoadedCast loaded{
      .crews = std::move(crews.crews), .cast = {}, .diagnostics = std::move(crews.diagnostics)};
  set_real(loaded);
  loaded.cast.crews = [specs = specs_of(loaded.crews)](const std::vector<CrewSpec>&) {
    return specs;
  };
  return loaded;
}

Result<std::map<std::string, std::string>> parse_swaps(const std::vector<std::string>& swaps) {
  std::map<std::string, std::string> parsed;
  for (const std::string& swap : swaps) {
    const std::size_t equals = swap.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == swap.size()) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("--crew '{}' is not CREW=DIR, as in vision=crews/vision", swap));
    }
    if (!parsed.emplace(swap.substr(0, equals), swap.substr(equals + 1)).second) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("--crew names '{}' twice", swap.substr(0, equals)));
    }
  }
  return parsed;
}

LoadedCast cast_of_swaps(const std::map<std::string, std::string>& swaps,
                         const std::vector<CrewSpec>& recorded) {
  LoadedCast loaded;
  std::vector<std::string> files;
  for (const auto& [crew, folder] : swaps) {
    std::string file = find_crew_file(folder, crew);
    if (file.empty()) {
      loaded.diagnostics.push_back(
          {{folder},
           Severity::error,
           fmt::format("no crew '{}' there: no *.runtime.yaml in it, or one folder deeper, is its "
                       "file",
                       crew),
           fmt::format("name the folder that holds {}.runtime.yaml", crew)});
      continue;
    }
    files.push_back(std::move(file));
  }
  std::vector<std::string> known;
  known.reserve(recorded.size());
  for (const CrewSpec& spec : recorded) {
    known.push_back(spec.crew.value);
  }
  LoadedCrews crews = load_crew_files(files, known);
  loaded.crews = std::move(crews.crews);
  loaded.diagnostics.insert(loaded.diagnostics.end(), crews.diagnostics.begin(),
                            crews.diagnostics.end());
  set_real(loaded);
  loaded.cast.crews = [specs = specs_of(loaded.crews)](std::vector<CrewSpec> all) {
    for (const CrewSpec& spec : specs) {
      const auto same = std::ranges::find(all, spec.crew, &CrewSpec::crew);
      same == all.end() ? static_cast<void>(all.push_back(spec)) : static_cast<void>(*same = spec);
    }
    return all;
  };
  return loaded;
}

}  // namespace lc::cli
