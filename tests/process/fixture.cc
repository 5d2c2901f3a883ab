#include "tests/process/fixture.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <set>

#include "common/clock.h"
#include "tests/process/host.h"

namespace lc::process {
namespace {

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

FleetFixture::FleetFixture(FleetOptions options) {
  auto loop = UvLoop::create();
  REQUIRE(loop);
  loop_ = *std::move(loop);
  auto timers = LoopTimers::create(loop_->get());
  REQUIRE(timers);
  timers_ = *std::move(timers);
  const auto tell = [this](Told::What what, const Ended& ended) {
    told_.push_back({what, ended, monotonic_now()});
    if (on_told) {
      on_told(Told(told_.back()));
    }
  };
  using enum Told::What;
  FleetHooks hooks{
      .on_ready = [tell](const CrewId& crew) { tell(ready, {.crew = crew}); },
      .on_taken = [this](const CrewId&, const proto::Order& order) { taken.push_back(order); },
      .on_answered = [this](const CrewId&) { ++answered; },
      .on_reaction_failed = [tell](const Ended& ended) { tell(reaction_failed, ended); },
      .on_idle_failure = [tell](const Ended& ended) { tell(idle_failure, ended); },
      .on_spare_failure = [tell](const Ended& ended) { tell(spare_failure, ended); }};
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
  add_spec({.crew = crew, .init_timeout = init_timeout}, std::move(steps));
}

void FleetFixture::add_spec(WorkerSpec spec, std::vector<std::string> steps) {
  spec.argv = {chaos_worker_path()};
  spec.argv.insert(spec.argv.end(), steps.begin(), steps.end());
  spec.stdin_line = R"({"crew":"vision"})";
  spec.spare_line = R"({"role":"spare"})";
  fleet_->add(std::move(spec));
}

void FleetFixture::until_ready(const CrewId& crew) {
  until([this, &crew] { return fleet_->is_ready(crew); });
}

void FleetFixture::until_removed(const std::string& folder) {
  until([&folder] { return !std::filesystem::exists(folder); });
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
