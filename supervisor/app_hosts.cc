// Several hosts for one stream, as the App sees them: the leader hears what other hosts' workers do
// and gives orders; who does not lead runs his workers for the one that does.

#include <fmt/format.h>

#include <algorithm>

#include "common/log.h"
#include "proto/error_reasons.h"
#include "proto/subjects.h"
#include "supervisor/app.h"

namespace lc::supervisor {
namespace {

constexpr Micros kLookAtHosts = millis(250);
constexpr Micros kStallMin = millis(500);  // of our own loop: hosts are not judged by it
constexpr Micros kOrdersEvery = seconds(1);
constexpr Micros kReportEvery = seconds(1);
constexpr Micros kReportSoon = millis(2);  // one report for what happens together

}  // namespace

// The leader.

void App::on_host_report(const BusMessage& message) {
  if (phase_ != Phase::running && phase_ != Phase::draining) {
    return;
  }
  const auto report = proto::parse_host_report(message.data);
  if (!report || report->stream != options_.stream || report->boot_id == boot_id_) {
    return;
  }
  const bool is_known = conductor_->dispatcher().hosts().knows(report->boot_id);
  if (conductor_->dispatcher().hear(*report)) {
    publish_orders();
  }
  if (!is_known && conductor_->dispatcher().hosts().knows(report->boot_id)) {
    log_info("host joined", {{"host", report->host}, {"crews", report->crews.size()}});
  }
  if (report->is_leaving) {
    look_due_ = {};
    look_at_hosts();
  }
}

/// Begins with the run, and goes on by itself.
void App::look_at_hosts() {
  timers_->cancel(hosts_timer_);
  if (phase_ != Phase::running && phase_ != Phase::draining) {
    return;
  }
  const MonoTime now = clock_.mono();
  const bool stalled = look_due_ != MonoTime{} && now - look_due_ >= kStallMin;
  look_due_ = now + kLookAtHosts;
  hosts_timer_ = timers_->arm(look_due_, [this] { look_at_hosts(); });
  if (stalled) {
    conductor_->dispatcher().listen_again();  // what came meanwhile is still unread
    return;
  }
  for (const Hosts::Gone& gone : conductor_->dispatcher().look()) {
    log_warn("host gone", {{"host", gone.host}, {"boot_id", gone.boot_id}});
  }
  look_at_coverage();
  const std::vector<CrewId> disabled = disabled_crews();
  const bool changed = !std::ranges::equal(disabled, told_disabled_);
  if (changed || clock_.mono() >= orders_due_) {
    publish_orders();
  }
}

void App::look_at_coverage() {
  const Hosts& hosts = conductor_->dispatcher().hosts();
  std::set<CrewId> nowhere;
  for (const proto::Manifest& crew : options_.crews) {
    if (!is_selected(crew.crew) && !hosts.selects(crew.crew)) {
      nowhere.insert(crew.crew);
    }
  }
  for (const CrewId& crew : coverage_.look(nowhere, clock_.mono())) {
    proto::ErrorReport report{.ts = clock_.stream_now(), .stream = options_.stream};
    report.reason = proto::kReasonCrewNowhere;
    report.message = "no host has selected the crew: its batches wait";
    report.crew = crew;
    conductor_->report(std::move(report));
  }
}

void App::publish_orders() {
  Dispatcher& dispatcher = conductor_->dispatcher();
  orders_due_ = clock_.mono() + kOrdersEvery;
  if (dispatcher.hosts().empty() || !lease_->is_valid()) {
    return;
  }
  proto::Orders orders = dispatcher.orders();
  orders.boot_id = boot_id_;
  orders.lease_revision = static_cast<std::int64_t>(lease_->revision());
  orders.disabled = disabled_crews();
  told_disabled_ = {orders.disabled.begin(), orders.disabled.end()};
  if (auto sent =
          bus_->publish(proto::orders_subject(options_.stream), proto::write_orders(orders));
      !sent) {
    log_warn("orders not sent", {{"error", sent.error().message}});
  }
}

std::vector<CrewId> App::disabled_crews() const {
  if (conductor_->engine() == nullptr) {
    return {disabled_.begin(), disabled_.end()};
  }
  std::vector<CrewId> disabled;
  for (const auto& crew : conductor_->engine()->crews()) {
    if (!crew.enabled) {
      disabled.push_back(crew.crew);
    }
  }
  return disabled;
}

// Who does not lead.

void App::serve_leader() {
  deputy_.emplace(Deputy::Options{.stream = options_.stream,
                                  .host = options_.host,
                                  .boot_id = boot_id_,
                                  .crews = standing().crews});
  add_workers();
  report_on();
}

void App::on_orders(const BusMessage& message) {
  const auto orders = proto::parse_orders(message.data);
  const auto changes = orders && deputy_ ? deputy_->hear(*orders, clock_.mono()) : std::nullopt;
  if (!changes) {
    return;
  }
  for (const CrewId& crew : changes->start) {
    fleet_->start(crew);
  }
  for (const CrewId& crew : changes->stop) {
    log_warn("crew disabled by the leader", {{"crew", crew.value}});
    deputy_->down(crew);
    fleet_->stop(crew);
  }
  for (const CrewId& crew : changes->drop) {
    log_warn("reaction dropped: the leader does not await it", {{"crew", crew.value}});
    fleet_->fail_reaction(crew, proto::Outcome::admin, "the leader does not await it any more");
  }
  if (!changes->start.empty() || !changes->stop.empty()) {
    report_soon();
  }
}

/// The host that owns a worker enforces its deadline.
void App::on_taken_for_leader(const CrewId& crew, const proto::Order& order) {
  if (deputy_->working_on(crew)) {
    return;  // it says so twice; what it took first counts
  }
  const auto manifest = std::ranges::find(options_.crews, crew, &proto::Manifest::crew);
  std::optional<MonoTime> deadline;
  if (manifest->timeout_ms) {
    deadline = clock_.mono() + millis(*manifest->timeout_ms);
  }
  deputy_->taken(crew, order);
  fleet_->arm(crew, order.slice, order.attempt, deadline);
  report_soon();
}

void App::on_answered_for_leader(const CrewId& crew) {
  if (deputy_->working_on(crew) && fleet_->disarm(crew)) {
    deputy_->answered(crew);
    report_soon();
  }
}

void App::on_failed_for_leader(const process::Ended& ended, proto::FailurePhase phase,
                               const std::string& facts) {
  const bool reacting = phase == proto::FailurePhase::reacting;
  const auto order = reacting ? deputy_->working_on(ended.crew) : std::nullopt;
  const bool by_order =
      ended.outcome == proto::Outcome::admin || ended.outcome == proto::Outcome::shutdown;
  if (by_order || (reacting && !order)) {
    deputy_->down(ended.crew);  // nobody's failure
  } else {
    deputy_->failed({.crew = ended.crew,
                     .phase = phase,
                     .order = order,
                     .outcome = ended.outcome,
                     .detail = ended.words,
                     .excuse = ended.excuse,
                     .worker = facts});
  }
  report_soon();
}

/// Once a second, from here on.
void App::report_on() {
  timers_->cancel(report_timer_);
  if (deputy_) {
    report_now();
    report_due_ = clock_.mono() + kReportEvery;
    report_timer_ = timers_->arm(report_due_, [this] { report_on(); });
  }
}

void App::report_soon() {
  const MonoTime soon = clock_.mono() + kReportSoon;
  if (report_due_ > soon) {
    timers_->cancel(report_timer_);
    report_due_ = soon;
    report_timer_ = timers_->arm(soon, [this] { report_on(); });
  }
}

void App::report_now(Deputy::Leaving leaving) {
  // What does not arrive is told again by the next one.
  (void)bus_->publish(proto::hosts_subject(options_.stream),
                      proto::write_host_report(deputy_->report(leaving)));
}

/// We lead now, or leave: nobody's reaction goes on here.
void App::leave_leader() {
  timers_->cancel(report_timer_);
  if (!deputy_) {
    return;
  }
  const Deputy served = std::move(*deputy_);
  deputy_.reset();
  for (const CrewId& crew : standing().crews) {
    if (served.working_on(crew)) {
      fleet_->fail_reaction(crew, proto::Outcome::admin, "its leader is no more");
    }
  }
}

}  // namespace lc::supervisor
