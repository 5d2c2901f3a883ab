#include "worker/sandbox/apply.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "common/json.h"
#include "worker/crew/environment.h"
#include "worker/sandbox/filter.h"
#include "worker/sandbox/identity.h"
#include "worker/sandbox/landlock.h"
#include "worker/sandbox/places.h"
#include "worker/sandbox/ports.h"
#include "worker/sandbox/rlimits.h"
#include "worker/sandbox/seccomp.h"

namespace lc::worker {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTemporaryFolder = "/tmp";
constexpr std::size_t kScratchNameChars =
    20;  // the paths of UNIX sockets in it are 107 long at most
constexpr const char* kResolverOverTcp = "use-vc";  // see resolv.conf(5)

void set(Environment& environment, const char* name, const std::string& value) {
  environment[name] = value;
  setenv(name, value.c_str(), 1);  // no other thread runs yet
}

void resolve_names_over_tcp(Environment& environment) {
  const std::string given = environment["RES_OPTIONS"];
  set(environment, "RES_OPTIONS", given + (given.empty() ? "" : " ") + kResolverOverTcp);
}

Whereabouts whereabouts_of(const Environment& environment) {
  std::error_code error;
  return {.executable = fs::read_symlink("/proc/self/exe", error).string(),
          .python_dir = find_python_dir(environment),
          .crew_folder = {},
          .scratch = {}};
}

Result<Scratch> make_temporary_folder(const proto::WorkerConfig& config, Environment& environment) {
  const auto given = environment.find("TMPDIR");
  const std::string parent = given != environment.end() && !given->second.empty()
                                 ? given->second
                                 : std::string(kTemporaryFolder);
  LC_TRY(Scratch scratch, make_scratch(parent, config.crew.value.substr(0, kScratchNameChars)));
  set(environment, "TMPDIR", scratch.folder);
  return scratch;
}

// The part that `off` does not have.
Result<Missing> put_out_of_reach(const proto::WorkerConfig& config, const Whereabouts& where,
                                 const Environment& environment) {
  LC_TRY_STATUS(drop_capabilities());
  const int abi = landlock_abi();
  if (abi > 0) {
    LC_TRY_STATUS(restrict_to({.places = places_of(config.sandbox, where, environment),
                               .ports = ports_of(config, environment)},
                              abi));
  }
  LC_TRY(const Installed seccomp, install_filter(call_filter(config.sandbox.level)));
  return missing_of(abi, seccomp == Installed::yes);
}

}  // namespace

Missing missing_of(int landlock_abi, bool has_seccomp) {
  Missing missing;
  if (landlock_abi == 0) {
    missing.emplace_back("landlock");
  }
  if (landlock_abi < kLandlockNetAbi) {
    missing.emplace_back("landlock_net");
  }
  if (landlock_abi < kLandlockScopesAbi) {
    missing.emplace_back("landlock_scopes");
  }
  if (!has_seccomp) {
    missing.emplace_back("seccomp");
  }
  return missing;
}

Result<Confined> confine(const proto::WorkerConfig& config, Environment& environment) {
  const proto::Sandbox& sandbox = config.sandbox;
  LC_TRY_STATUS(limit_resources(sandbox));
  if (sandbox.uid) {
    LC_TRY_STATUS(become_user(*sandbox.uid));
  }
  LC_TRY_STATUS(gain_no_privileges());
  Confined confined;
  if (sandbox.level == proto::SandboxLevel::off) {
    return confined;
  }
  Whereabouts where = whereabouts_of(environment);
  where.crew_folder = fs::absolute(config.manifest).parent_path().string();
  LC_TRY(confined.scratch, make_temporary_folder(config, environment));
  where.scratch = confined.scratch.folder;
  resolve_names_over_tcp(environment);
  LC_TRY(confined.missing, put_out_of_reach(config, where, environment));
  return confined;
}

Status forbid_exec(const proto::Sandbox& sandbox) {
  if (sandbox.level == proto::SandboxLevel::off) {
    return {};
  }
  LC_TRY([[maybe_unused]] const Installed installed, install_filter(no_exec_filter()));
  return {};
}

Result<Probe> probe_sandbox(const Environment& environment) {
  LC_TRY_STATUS(gain_no_privileges());
  const int abi = landlock_abi();
  LC_TRY(Missing missing, put_out_of_reach({}, whereabouts_of(environment), environment));
  return Probe{.landlock_abi = abi, .missing = std::move(missing)};
}

std::string write_probe(const Probe& probe) {
  const bool has_seccomp = std::ranges::find(probe.missing, "seccomp") == probe.missing.end();
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().key("landlock_abi").number(probe.landlock_abi);
  writer.key("seccomp").boolean(has_seccomp).key("missing").begin_array();
  for (const std::string_view word : probe.missing) {
    writer.string(word);
  }
  writer.end_array().end_object();
  return out;
}

}  // namespace lc::worker
