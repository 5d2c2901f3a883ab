#include "supervisor/process/fleet.h"

#include <utility>

#include "common/check.h"
#include "supervisor/process/fleet_impl.h"

namespace lc::process {

Result<std::unique_ptr<Fleet>> Fleet::create(uv_loop_s* loop, Timers& timers, FleetHooks hooks,
                                             FleetOptions options) {
  LC_ASSERT(hooks.on_ready && hooks.on_reaction_failed && hooks.on_idle_failure);
  LC_TRY(auto orphans, Orphans::create());
  auto impl = std::make_unique<Impl>(loop, timers, std::move(hooks), options, std::move(orphans));
  LC_TRY_STATUS(impl->watch_deaths());
  return std::unique_ptr<Fleet>(new Fleet(std::move(impl)));
}

Fleet::Fleet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Fleet::~Fleet() = default;

void Fleet::add(WorkerSpec spec) {
  impl_->add(std::move(spec), EventKind::start);
}

void Fleet::add_stopped(WorkerSpec spec) {
  impl_->add(std::move(spec), EventKind::disable);
}

bool Fleet::is_ready(const CrewId& crew) const {
  return impl_->find(crew).active->machine.state() == State::idle;
}

void Fleet::arm(const CrewId& crew, SliceIndex slice, Attempt attempt,
                std::optional<MonoTime> deadline) {
  impl_->arm(impl_->find(crew), {slice, attempt}, deadline);
}

bool Fleet::disarm(const CrewId& crew) {
  return impl_->disarm(impl_->find(crew));
}

void Fleet::fail_reaction(const CrewId& crew, proto::Outcome outcome, std::string detail) {
  impl_->feed(*impl_->find(crew).active,
              {.kind = EventKind::broken, .outcome = outcome, .detail = std::move(detail)});
}

void Fleet::stop(const CrewId& crew) {
  impl_->stop(impl_->find(crew));
}

void Fleet::start(const CrewId& crew) {
  impl_->start(impl_->find(crew));
}

void Fleet::set_outage(Outage outage) {
  impl_->set_outage(outage);
}

std::string Fleet::excuse_since(MonoTime since) const {
  return impl_->excuse_since(since);
}

bool Fleet::take_oom(const CrewId& crew) {
  return impl_->take_oom(impl_->find(crew));
}

Ended Fleet::portrait(const CrewId& crew) const {
  return impl_->portrait(*impl_->find(crew).active);
}

bool Fleet::holds(pid_t pid) const {
  return impl_->holds(pid);
}

std::vector<Fleet::WorkerInfo> Fleet::workers() const {
  return impl_->workers();
}

std::string_view Fleet::containment() const {
  return impl_->containment();
}

std::vector<Unenforced> Fleet::unenforced() const {
  return impl_->unenforced();
}

void Fleet::leave_to_owner(pid_t pid) {
  impl_->orphans().leave_to_owner(pid);
}

void Fleet::forget_owned(pid_t pid) {
  impl_->orphans().forget_owned(pid);
}

void Fleet::shutdown(Micros grace, std::function<void()> on_gone) {
  impl_->shutdown(grace, std::move(on_gone));
}

}  // namespace lc::process
