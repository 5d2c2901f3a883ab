#include "worker/sandbox/places.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

namespace lc::worker {
namespace {

namespace fs = std::filesystem;
using Variables = std::map<std::string, std::string>;

constexpr std::array<const char*, 14> kSystem = {"/usr",
                                                 "/bin",
                                                 "/sbin",
                                                 "/lib",
                                                 "/lib32",
                                                 "/lib64",
                                                 "/libx32",
                                                 "/opt",
                                                 "/nix",
                                                 "/proc",
                                                 "/sys/devices/system",
                                                 "/sys/fs/cgroup",
                                                 "/sys/kernel/mm/transparent_hugepage",
                                                 "/sys/kernel/mm/hugepages"};
constexpr std::array<const char*, 5> kDevices = {"/dev/null", "/dev/zero", "/dev/full",
                                                 "/dev/random", "/dev/urandom"};
constexpr std::string_view kOurs = "live-crew";  // in /etc: other crews, and what starts us

std::string value_of(const Variables& variables, const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? std::string() : found->second;
}

std::vector<fs::path> split_path(const std::string& list) {
  std::vector<fs::path> out;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(':', at), list.size());
    out.emplace_back(list.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

fs::path tidied(const fs::path& path) {
  const fs::path out = path.lexically_normal();
  return out.has_filename() ? out : out.parent_path();  // no slash at the end
}

/// Collects places; those of variables only when they are specific.
class Collector {
 public:
  explicit Collector(std::string home) : home_(std::move(home)) {}

  void add(const fs::path& path, Access access) {
    out_.push_back({.path = path.string(), .access = access});
  }
  void require(const std::string& path, Access access) {
    out_.push_back({.path = path, .access = access, .required = true});
  }
  void add_specific(const fs::path& path) {
    if (is_specific(path.string(), home_)) {
      add(tidied(path), Access::read);
    }
  }
  /// A folder of programs, and what an installation keeps beside it.
  void add_bin(const fs::path& folder) {
    const fs::path bin = tidied(folder);
    add_specific(bin);
    const fs::path prefix = bin.parent_path();
    if (prefix.filename() == ".local") {  // holds a user's data too
      add_specific(prefix / "lib");
    } else {
      add_specific(prefix);
    }
  }
  /// Also the installation that a virtual environment was made from.
  void add_bin_and_origin(const fs::path& folder) {
    add_bin(folder);
    std::error_code error;
    const fs::path python = fs::canonical(folder / "python3", error);
    if (!error) {
      add_bin(python.parent_path());
    }
  }
  std::vector<Place> take() { return std::move(out_); }

 private:
  std::string home_;
  std::vector<Place> out_;
};

bool is_for_everybody(const struct stat& facts) {
  const mode_t needed = S_ISDIR(facts.st_mode) ? S_IROTH | S_IXOTH : S_IROTH;
  return (S_ISDIR(facts.st_mode) || S_ISREG(facts.st_mode)) && (facts.st_mode & needed) == needed;
}

/// The entries that everybody may read, and whether all are; symbolic links count as such.
struct Entries {
  std::vector<fs::path> open;
  bool all_open = true;
};

Entries entries_of(const fs::path& folder) {
  Entries entries;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    struct stat facts{};
    if (lstat(entry.path().c_str(), &facts) != 0 || S_ISLNK(facts.st_mode)) {
      continue;
    }
    if (is_for_everybody(facts)) {
      entries.open.push_back(entry.path());
    } else {
      entries.all_open = false;
    }
  }
  return entries;
}

// Of /etc what everybody may read: a worker that is root must not read keys and passwords.
void add_configuration(Collector& out) {
  for (const fs::path& path : entries_of("/etc").open) {
    if (path.filename() == kOurs) {
      continue;
    }
    const Entries below = entries_of(path);
    if (below.all_open) {
      out.add(path, Access::read);
      continue;
    }
    for (const fs::path& inner : below.open) {
      out.add(inner, Access::read);
    }
  }
  // Where a resolver of the host writes it; a new file replaces the old one, so the folder counts.
  std::error_code error;
  const fs::path resolver = fs::canonical("/etc/resolv.conf", error);
  if (!error && resolver.parent_path() != "/etc") {
    out.add_specific(resolver.parent_path());
  }
}

void add_of_variables(Collector& out, const Variables& variables) {
  for (const fs::path& folder : split_path(value_of(variables, "PATH"))) {
    out.add_bin_and_origin(folder);
  }
  if (const fs::path venv = value_of(variables, "VIRTUAL_ENV"); !venv.empty()) {
    out.add_specific(venv);
    out.add_bin_and_origin(venv / "bin");
  }
  for (const char* name : {"PYTHONPATH", "LD_LIBRARY_PATH", "SSL_CERT_DIR", "SSL_CERT_FILE"}) {
    for (const fs::path& path : split_path(value_of(variables, name))) {
      out.add_specific(path);
    }
  }
}

void add_crew(Collector& out, const proto::Sandbox& sandbox, const Whereabouts& where) {
  if (!where.crew_folder.empty()) {
    const bool may_write = sandbox.level == proto::SandboxLevel::standard;
    out.require(where.crew_folder, may_write ? Access::change : Access::read);
    for (const char* venv : {".venv", "venv"}) {
      std::error_code error;
      const fs::path bin = fs::path(where.crew_folder) / venv / "bin";
      if (fs::exists(bin, error)) {
        out.add_bin_and_origin(bin);
      }
    }
  }
  if (!where.scratch.empty()) {
    out.require(where.scratch, Access::scratch);
  }
  for (const std::string& path : sandbox.read) {
    out.require(path, Access::read);
  }
  for (const std::string& path : sandbox.write) {
    out.require(path, Access::change);
  }
}

}  // namespace

bool is_specific(const std::string& folder, const std::string& home) {
  const fs::path path = tidied(folder);
  const auto names = std::distance(path.begin(), path.end()) - 1;  // without the root
  if (!path.is_absolute() || names < 2) {
    return false;
  }
  const bool in_homes = names == 2 && *std::next(path.begin()) == "home";
  return !in_homes && (home.empty() || path != tidied(home));
}

std::vector<Place> places_of(const proto::Sandbox& sandbox, const Whereabouts& where,
                             const Variables& environment) {
  Collector out(value_of(environment, "HOME"));
  for (const char* path : kSystem) {
    out.add(path, Access::read);
  }
  add_configuration(out);
  for (const char* path : kDevices) {
    out.add(path, Access::device);
  }
  if (sandbox.level == proto::SandboxLevel::standard) {
    out.add("/dev/shm", Access::scratch);  // locks of Python's multiprocessing
  }
  add_of_variables(out, environment);
  out.add_specific(fs::path(where.executable).parent_path());
  out.add_specific(where.python_dir);
  add_crew(out, sandbox, where);
  return out.take();
}

}  // namespace lc::worker
