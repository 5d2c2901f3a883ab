#include "supervisor/outbox.h"

#include "common/log.h"

namespace lc::supervisor {

void Outbox::send(std::string subject, std::string data, std::string msg_id,
                  OnResult<PublishAck> on_ack) {
  waiting_.push_back({std::move(subject), std::move(data), std::move(msg_id), std::move(on_ack)});
  pump();
}

void Outbox::pump() {
  while (!waiting_.empty()) {
    const Letter& letter = waiting_.front();
    auto on_ack = [this, then = letter.on_ack](Result<PublishAck> ack) {
      --in_flight_;
      if (!ack) {
        ++lost_;
        log_error("message refused by its stream", {{"error", ack.error().message}});
      }
      if (then) {
        then(std::move(ack));
      }
      pump();
      if (on_progress_) {
        on_progress_();
      }
    };
    if (!bus_.publish_acked(letter.subject, letter.data, letter.msg_id, std::move(on_ack))) {
      return;
    }
    ++in_flight_;
    waiting_.pop_front();
  }
}

}  // namespace lc::supervisor
