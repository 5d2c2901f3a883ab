#pragma once

#include <cstdint>
#include <string>

#include "proto/slice.h"
#include "worker/crew/crew.h"

namespace lc::worker {

/// The `done` that answers `ready`: its nonce and attempt repeated, its lamport plus one.
proto::Done make_done(const proto::Ready& ready, Answer answer, std::int64_t t_ms);

/// The text of `done`, with as many of its model calls as `bytes_max` has room for; an answer that
/// is longer without them becomes an error that says so.
std::string write_bounded_done(proto::Done done, std::size_t bytes_max);

}  // namespace lc::worker
