#include "worker/reply.h"

#include <fmt/format.h>

#include <utility>

namespace lc::worker {

proto::Done make_done(const proto::Ready& ready, Answer answer, std::int64_t t_ms) {
  return {.stream = ready.stream,
          .slice = ready.slice,
          .crew = ready.crew,
          .attempt = ready.attempt,
          .nonce = ready.nonce,
          .status = answer.status,
          .diff = std::move(answer.diff),
          .actions = std::move(answer.actions),
          .usage = std::move(answer.usage),
          .error = std::move(answer.error),
          .t_ms = t_ms,
          .lamport = Lamport{ready.lamport.value + 1}};
}

std::string write_bounded_done(const proto::Done& done, std::size_t bytes_max) {
  std::string text = proto::write_done(done);
  if (text.size() <= bytes_max) {
    return text;
  }
  proto::Done refused = done;
  refused.status = proto::DoneStatus::error;
  refused.diff = {};
  refused.actions.clear();
  refused.usage = "{}";
  refused.error = fmt::format(
      "protocol: the answer takes {} bytes, the limit is {} ({})", text.size(), bytes_max,
      bytes_max < proto::kDoneBytesMax ? "max_payload of the NATS server" : "of one reaction");
  return proto::write_done(refused);
}

}  // namespace lc::worker
