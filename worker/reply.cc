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
          .lamport = Lamport{ready.lamport.value + 1},
          .model_calls = std::move(answer.model_calls)};
}

namespace {

// The text without as many of the last model calls as it takes to fit; what remains may be too
// long. The answer itself stays as it is.
std::string write_with_calls_that_fit(proto::Done& done, std::size_t bytes_max) {
  std::string text = proto::write_done(done);
  while (text.size() > bytes_max && !done.model_calls.calls.empty()) {
    proto::drop_last_model_call(done.model_calls);
    text = proto::write_done(done);
  }
  return text;
}

}  // namespace

std::string write_bounded_done(proto::Done done, std::size_t bytes_max) {
  proto::Done refused = done;
  const std::string text = write_with_calls_that_fit(done, bytes_max);
  if (text.size() <= bytes_max) {
    return text;
  }
  refused.status = proto::DoneStatus::error;
  refused.diff = {};
  refused.actions.clear();
  refused.usage = "{}";
  refused.error = fmt::format(
      "protocol: the answer takes {} bytes, the limit is {} ({})", text.size(), bytes_max,
      bytes_max < proto::kDoneBytesMax ? "three quarters of the NATS server's max_payload"
                                       : "of one reaction");
  return write_with_calls_that_fit(refused, bytes_max);
}

}  // namespace lc::worker
