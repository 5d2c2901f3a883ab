#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "common/files.h"
#include "common/yaml.h"
#include "proto/config.h"
#include "supervisor/cli/put.h"
#include "supervisor/cli/report.h"
#include "supervisor/cli/verb.h"
#include "supervisor/crews.h"

namespace lc::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kConfigName = "live-config.yaml";
constexpr int kFolderDepthMax = 32;

struct CrewGroup {
  std::vector<std::string> files;
  std::vector<std::string> also_known;  // crews beside them that were not asked for
};

// What the paths of the command line stand for.
class Targets {
 public:
  void add(const std::string& path) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      const std::size_t before = found_;
      add_folder(path, 0, Asked::by_name);
      if (found_ == before) {
        complain(path, "nothing to validate: no *.runtime.yaml and no live-config.yaml in it",
                 "name a folder of crews, a crew's folder or a file");
      }
    } else if (fs::exists(path, error)) {
      add_file(path);
    } else {
      complain(path, "no such file or folder", "");
    }
  }

  // Files named one by one are checked together, so that `*/*.runtime.yaml` means what it looks
  // like.
  void finish() {
    if (!named_.files.empty()) {
      groups_.push_back(std::move(named_));
    }
  }

  const std::vector<CrewGroup>& groups() const { return groups_; }
  const std::vector<std::string>& configs() const { return configs_; }
  std::vector<Diagnostic>& diagnostics() { return diagnostics_; }

 private:
  enum class Asked { by_name, on_the_way };

  void add_folder(const fs::path& folder, int depth, Asked asked) {
    if (depth > kFolderDepthMax) {
      return;
    }
    add_crews_of(folder, asked);
    std::vector<fs::path> folders;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      std::error_code ignored;  // what cannot be looked at is neither
      const std::string name = it->path().filename().native();
      if (it->is_directory(ignored) && !it->is_symlink(ignored) && !name.starts_with('.')) {
        folders.push_back(it->path());
      } else if (name == kConfigName) {
        add_config(it->path().native());
      }
    }
    if (error) {
      complain(folder.native(), "cannot list it: " + error.message(), "");
    }
    std::ranges::sort(folders);
    for (const fs::path& inner : folders) {
      add_folder(inner, depth + 1, Asked::on_the_way);
    }
  }

  void add_crews_of(const fs::path& folder, Asked asked) {
    CrewGroup group;
    bool only_direct = true;
    for (const std::string& file : find_crew_files(folder.native())) {
      ++found_;
      if (claim(file)) {
        group.files.push_back(file);
        only_direct = only_direct && fs::path(file).parent_path() == folder;
      }
    }
    if (group.files.empty()) {
      return;
    }
    if (asked == Asked::by_name && only_direct) {
      add_neighbours(folder, group);  // a crew's own folder: the crews that it needs lie beside it
    }
    groups_.push_back(std::move(group));
  }

  void add_file(const std::string& path) {
    if (!crew_file_stem(path).empty()) {
      add_crew_file(path);
      return;
    }
    const fs::path file(path);
    const fs::path runtime = file.parent_path() / (file.stem().native() + ".runtime.yaml");
    std::error_code error;
    if (fs::exists(runtime, error)) {
      add_crew_file(runtime.native());  // a prompt crew's second file
    } else if (looks_like_crew(path)) {
      add_crew_file(path);
    } else {
      add_config(path);
    }
  }

  void add_config(const std::string& path) {
    ++found_;
    if (claim(path)) {
      configs_.push_back(path);
    }
  }

  // Whether nobody has named this file yet, under any of its names.
  bool claim(const std::string& path) {
    std::error_code error;
    const fs::path whole = fs::weakly_canonical(path, error);
    return claimed_.insert(error ? path : whole.native()).second;
  }

  void add_crew_file(const std::string& path) {
    if (claim(path)) {
      named_.files.push_back(path);
      const fs::path folder = fs::path(path).parent_path();
      add_neighbours(folder, named_);
      for (const std::string& file : find_crew_files(folder.empty() ? "." : folder.native())) {
        named_.also_known.push_back(load_crew(file).crew);
      }
    }
  }

  static bool looks_like_crew(const std::string& path) {
    const auto text = read_text_file(path, kYamlBytesMax);
    const auto parsed = parse_yaml(text ? *text : "", path);
    const std::optional<YamlNode> root = parsed ? *parsed : parsed.error().readable;
    return root && (find(*root, "crew") != nullptr || find(*root, "triggers") != nullptr);
  }

  static void add_neighbours(const fs::path& folder, CrewGroup& group) {
    std::error_code error;
    const fs::path whole = fs::canonical(folder.empty() ? fs::path(".") : folder, error);
    if (error) {
      return;
    }
    for (const std::string& file : find_crew_files(whole.parent_path().native())) {
      if (fs::path(file).parent_path() != whole) {
        group.also_known.push_back(load_crew(file).crew);
      }
    }
  }

  void complain(const std::string& path, std::string message, std::string hint) {
    diagnostics_.push_back({{path}, Severity::error, std::move(message), std::move(hint)});
  }

  std::vector<CrewGroup> groups_;
  CrewGroup named_;
  std::vector<std::string> configs_;
  std::vector<Diagnostic> diagnostics_;
  std::set<std::string> claimed_;
  std::size_t found_ = 0;  // files seen, also those that were claimed before
};

void append(std::vector<Diagnostic>& all, std::vector<Diagnostic> some) {
  all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
}

std::vector<Diagnostic> check_config(const std::string& file) {
  const auto text = read_text_file(file, kYamlBytesMax * 2);
  if (!text) {
    return {{{file}, Severity::error, text.error().message, ""}};
  }
  return proto::resolve_config(*text, file, {}).diagnostics;
}

std::string summary(const Targets& targets, const std::vector<Diagnostic>& diagnostics) {
  std::size_t crews = 0;
  for (const CrewGroup& group : targets.groups()) {
    crews += group.files.size();
  }
  const auto errors = std::ranges::count(diagnostics, Severity::error, &Diagnostic::severity);
  return fmt::format("{}: crews {}, configurations {}, errors {}, warnings {}\n",
                     errors == 0 ? "ok" : "FAIL", crews, targets.configs().size(), errors,
                     static_cast<std::ptrdiff_t>(diagnostics.size()) - errors);
}

int run_validate(const Args& args, Io& io) {
  Targets targets;
  for (const std::string& path : args.list("PATH")) {
    targets.add(path);
  }
  targets.finish();
  std::vector<Diagnostic> diagnostics = std::move(targets.diagnostics());
  for (const CrewGroup& group : targets.groups()) {
    append(diagnostics, load_crew_files(group.files, group.also_known).diagnostics);
  }
  for (const std::string& file : targets.configs()) {
    append(diagnostics, check_config(file));
  }
  sort_diagnostics(diagnostics);
  if (args.has("deny-warnings")) {
    // What decides the exit code is printed as what it is.
    for (Diagnostic& diagnostic : diagnostics) {
      diagnostic.severity = Severity::error;
    }
  }
  if (args.text("output") == "json") {
    put(io.out, "{}\n", diagnostics_json(diagnostics));
  } else {
    print_diagnostics(io.err, diagnostics, args.environment());
    put(io.err, "{}", summary(targets, diagnostics));
  }
  return has_errors(diagnostics) ? kExitConfig : kExitOk;
}

}  // namespace

void register_validate(Verbs& verbs) {
  verbs.push_back(
      {.name = "validate",
       .summary = "Check crews and configuration files, all errors at once",
       .details =
           "PATH is a folder of crews, a crew's folder, a *.runtime.yaml or a live-config.yaml; "
           "folders are searched for all of them. Every error has its file, line and column, and "
           "a suggestion where a name looks misspelt. Exit code 0 when there are no errors, else "
           "78.",
       .examples = {{"validate crews live-config.yaml", "before a start"},
                    {"validate --deny-warnings .", "in continuous integration"},
                    {"validate -o json crews/vision", "one crew, for an editor"}},
       .options = {{.name = "PATH",
                    .help = "what to check",
                    .required = true,
                    .repeated = true,
                    .value_is = ValueIs::file},
                   {.name = "deny-warnings", .help = "treat warnings as errors"},
                   output_option({"text", "json"})},
       .run = [](const Args& args, Io& io) { return run_validate(args, io); }});
}

}  // namespace lc::cli
