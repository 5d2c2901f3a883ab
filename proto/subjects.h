#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/ids.h"

// Every NATS name of the system is built and taken apart here and nowhere else.
namespace lc::proto {

std::string events_subject(const StreamId& stream);      // live.S.events
std::string actions_subject(const StreamId& stream);     // live.S.actions
std::string errors_subject(const StreamId& stream);      // live.S.errors
std::string heartbeats_subject(const StreamId& stream);  // live.S.heartbeats
std::string hosts_subject(const StreamId& stream);       // live.S.hosts
std::string orders_subject(const StreamId& stream);      // live.S.orders
std::string journal_subject(const StreamId& stream);     // live.S.journal
std::string ctx_subject(const StreamId& stream);         // live.S.ctx
std::string ready_subject(const StreamId& stream, SliceIndex slice, const CrewId& crew);
std::string done_subject(const StreamId& stream, SliceIndex slice, const CrewId& crew);

/// What a worker subscribes to: live.S.slice.*.C.ready
std::string ready_filter(const StreamId& stream, const CrewId& crew);
/// What the supervisor subscribes to: live.S.slice.*.*.done
std::string done_filter(const StreamId& stream);
/// Both, for `tap --control`: live.S.slice.>
std::string control_filter(const StreamId& stream);

struct SliceSubject {
  StreamId stream;
  SliceIndex slice;
  CrewId crew;
  std::string verb;  // ready | done
};
std::optional<SliceSubject> parse_slice_subject(std::string_view subject);

std::string events_stream(const StreamId& stream);   // LIVE_S_EVENTS
std::string actions_stream(const StreamId& stream);  // LIVE_S_ACTIONS
std::string errors_stream(const StreamId& stream);   // LIVE_S_ERRORS
std::string journal_stream(const StreamId& stream);  // LIVE_S_JOURNAL
std::string ctx_bucket(const StreamId& stream);      // live_S_ctx
std::string lease_bucket(const StreamId& stream);    // live_S_lease
std::string lease_subject(const StreamId& stream);   // $KV.live_S_lease.leader

/// `S.n.C.i`: the id that makes publishing an action twice harmless.
std::string action_msg_id(const StreamId& stream, SliceIndex slice, const CrewId& crew,
                          std::int64_t index);

}  // namespace lc::proto
