#include "worker/crew/crew.h"

#include <utility>

namespace lc::worker {

Answer error_answer(std::string words) {
  if (words.size() > kErrorBytesMax) {
    std::size_t end = kErrorBytesMax;
    while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xC0U) == 0x80U) {
      --end;  // never cut inside a UTF-8 character
    }
    words.resize(end);
    words += "...";
  }
  Answer answer;
  answer.status = proto::DoneStatus::error;
  answer.error = std::move(words);
  return answer;
}

}  // namespace lc::worker
