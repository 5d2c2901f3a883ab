#pragma once

#include <memory>
#include <string>

#include "common/result.h"
#include "proto/worker_config.h"
#include "worker/child_tree.h"
#include "worker/crew/crew.h"

namespace lc::worker {

/// The worker's side of NATS: takes each `ready`, has the crew react, sends its `done`.
///
/// Threads: the main thread blocks in NextMsg and runs the reactions; libnats answers the server's
/// pings on its own. A lost server is sought again for ever, with the same subscription.
class Link {
 public:
  /// Connects. Errors: unavailable - the server cannot be reached or refuses us.
  static Result<std::unique_ptr<Link>> connect(const proto::WorkerConfig& config);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();

  /// Takes the crew's orders to this host from here on: returns when the server has the
  /// subscription, also when it must be found again first.
  ///
  /// Errors: unavailable - the server refuses us, or does not answer.
  Status subscribe();

  /// Serves until the connection is closed for good, and says why.
  Error serve(Crew& crew, ChildTree& tree);

 private:
  struct Nats;  // the handles of libnats

  // The last answer: a `ready` with the same nonce is the same reaction, and is answered from here.
  struct Answered {
    std::string nonce;
    std::string subject;
    std::string text;
  };

  explicit Link(const proto::WorkerConfig& config);
  std::unexpected<Error> failed(std::string_view what, int nats_status) const;
  void handle(std::string_view subject, std::string_view data, Crew& crew, ChildTree& tree);
  void answer(const proto::Ready& ready, Crew& crew, ChildTree& tree);
  void send(const Answered& answered);

  proto::WorkerConfig config_;
  std::unique_ptr<Nats> nats_;
  Answered answered_;
};

}  // namespace lc::worker
