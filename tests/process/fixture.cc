#include "tests/process/fixture.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "common/clock.h"

namespace lc::process {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<pid_t> numbered_entries(const std::string& folder) {
  std::vector<pid_t> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) {
      out.push_back(std::stoi(name));
    }
  }
  return out;
}

/// The programs are built into the folder of this test.
std::string beside_this_program(const char* name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

}  // namespace

std::string chaos_worker_path() {
  return beside_this_program("chaos_worker");
}

std::string fleet_host_path() {
  return beside_this_program("fleet_host");
}

std::vector<pid_t> processes_of(const std::string& token_prefix) {
  std::vector<pid_t> out;
  const std::string wanted = "LIVE_CREW_WORKER=" + token_prefix;
  for (const pid_t pid : numbered_entries("/proc")) {
    const std::string environment = content("/proc/" + std::to_string(pid) + "/environ");
    if (environment.starts_with(wanted) || environment.find('\0' + wanted) != std::string::npos) {
      out.push_back(pid);
    }
  }
  return out;
}

std::vector<pid_t> processes_left() {
  std::set<pid_t> out;
  for (const pid_t pid : numbered_entries("/proc")) {
    const std::string stat = content("/proc/" + std::to_string(pid) + "/stat");
    const auto close = stat.rfind(") ");
    if (close != std::string::npos && close + 4 < stat.size() &&
        std::atoi(stat.c_str() + close + 4) == ::getpid()) {
      out.insert(pid);
    }
  }
  return {out.begin(), out.end()};
}

int open_descriptors() {
  return static_cast<int>(numbered_entries("/proc/self/fd").size());
}

std::int64_t fact(const std::string& detail, const std::string& name) {
  const auto at = detail.find(name + "=");
  REQUIRE_MESSAGE(at != std::string::npos, "no " << name << " in: " << detail);
  return std::stoll(detail.substr(at + name.size() + 1));
}

FleetFixture::FleetFixture(FleetOptions options) {
  auto loop = UvLoop::create();
  REQUIRE(loop);
  loop_ = *std::move(loop);
  auto timers = LoopTimers::create(loop_->get());
  REQUIRE(timers);
  timers_ = *std::move(timers);
  const auto tell = [this](Told told) {
    told.at = monotonic_now();
    told_.push_back(told);
    if (on_told) {
      on_told(told);
    }
  };
  FleetHooks hooks;
  hooks.on_ready = [tell](const CrewId& crew) { tell({.what = Told::What::ready, .crew = crew}); };
  hooks.on_reaction_failed = [tell](const CrewId& crew, SliceIndex slice, Attempt attempt,
                                    proto::Outcome outcome, std::string detail,
                                    std::string output) {
    tell({Told::What::reaction_failed,
          crew,
          slice,
          attempt,
          outcome,
          std::move(detail),
          std::move(output),
          {}});
  };
  hooks.on_idle_failure = [tell](const CrewId& crew, proto::Outcome outcome, std::string detail,
                                 std::string output) {
    tell({Told::What::idle_failure,
          crew,
          {},
          {},
          outcome,
          std::move(detail),
          std::move(output),
          {}});
  };
  auto fleet = Fleet::create(loop_->get(), *timers_, std::move(hooks), options);
  REQUIRE(fleet);
  fleet_ = *std::move(fleet);
}

FleetFixture::~FleetFixture() {
  if (fleet_) {
    shut_down(millis(100));
  }
  timers_.reset();
  loop_->close();
}

void FleetFixture::until(const std::function<bool()>& done) {
  bool late = false;
  const TimerId alarm = timers_->arm(monotonic_now() + kPatience, [&late] { late = true; });
  while (!done() && !late) {
    loop_->run_once();
  }
  timers_->cancel(alarm);
  REQUIRE_FALSE(late);
}

void FleetFixture::add(const CrewId& crew, std::vector<std::string> steps, Micros init_timeout) {
  WorkerSpec spec{.crew = crew,
                  .argv = {chaos_worker_path()},
                  .stdin_line = R"({"crew":"vision"})",
                  .init_timeout = init_timeout};
  spec.argv.insert(spec.argv.end(), steps.begin(), steps.end());
  fleet_->add(std::move(spec));
}

void FleetFixture::until_ready(const CrewId& crew) {
  until([this, &crew] { return fleet_->is_ready(crew); });
}

Told FleetFixture::until_failure() {
  std::vector<Told> failures;
  until([this, &failures] {
    failures.clear();
    std::ranges::copy_if(told_, std::back_inserter(failures),
                         [](const Told& told) { return told.what != Told::What::ready; });
    return failures.size() > failures_seen_;
  });
  return failures[failures_seen_++];
}

Fleet::WorkerInfo FleetFixture::info(const CrewId& crew) const {
  for (auto& worker : fleet_->workers()) {
    if (worker.crew == crew) {
      return worker;
    }
  }
  FAIL("no such crew: " << crew.value);
  return {};
}

void FleetFixture::shut_down(Micros grace) {
  bool gone = false;
  fleet_->shutdown(grace, [&gone] { gone = true; });
  until([&gone] { return gone; });
  fleet_.reset();
  CHECK(processes_left().empty());
}

}  // namespace lc::process
