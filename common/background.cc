#include "common/background.h"

#include <utility>

namespace lc {

Background::~Background() {
  waiting_.clear();
  while (current_) {
    uv_run(loop_, UV_RUN_ONCE);
  }
}

bool Background::run(std::function<void()> work) {
  if (current_ && waiting_.size() >= waiting_max_) {
    return false;
  }
  waiting_.push_back(std::move(work));
  if (!current_) {
    next();
  }
  return true;
}

void Background::next() {
  current_ = std::move(waiting_.front());
  waiting_.pop_front();
  request_.data = this;
  if (uv_queue_work(loop_, &request_, on_work, on_done) != 0) {
    current_ = nullptr;
  }
}

void Background::on_work(uv_work_t* request) noexcept {
  static_cast<Background*>(request->data)->current_();
}

void Background::on_done(uv_work_t* request, int) noexcept {
  auto* self = static_cast<Background*>(request->data);
  self->current_ = nullptr;
  if (!self->waiting_.empty()) {
    self->next();
  }
}

}  // namespace lc
