#pragma once

#include <memory>
#include <string>

#include "common/result.h"
#include "proto/manifest.h"
#include "worker/crew/crew.h"
#include "worker/llm/recording_model.h"
#include "worker/progress.h"

namespace lc::worker {

/// Whether the crew asks a model at all: one without prompts only renders its templates.
bool needs_model(const proto::PromptSpec& spec);

/// A crew that is YAML alone: renders its prompts, asks a model once, renders its outputs, and
/// patches the context. Its answers tell what it asked of the model, also those that failed.
///
/// Templates see ctx, slice, events, event (the last one), needs, missing, stream, crew and epoch0;
/// outputs see `generated`, the model's text, too; the patch sees `outputs`, as they were rendered,
/// as well.
class PromptCrew : public Crew {
 public:
  /// `model` may be null for a crew that needs none. `on_progress` is called after each template.
  ///
  /// Errors: invalid_input - every template that is wrong, one a line.
  static Result<std::unique_ptr<Crew>> create(const proto::PromptSpec& spec,
                                              std::unique_ptr<ModelClient> model,
                                              OnProgress on_progress);
  ~PromptCrew() override;

  Status start() override { return {}; }
  bool runs_programs() const override { return false; }
  Answer react(const proto::Ready& ready) override;

 private:
  struct Templates;

  PromptCrew(const proto::PromptSpec& spec, std::unique_ptr<Templates> templates,
             std::unique_ptr<ModelClient> model, OnProgress on_progress);
  Result<Answer> try_react(const proto::Ready& ready) const;

  ChatRequest settings_;  // model, temperature and limit; the texts are filled in
  bool asks_;
  std::unique_ptr<Templates> templates_;
  std::unique_ptr<RecordingModel> model_;  // null: it asks none
  OnProgress on_progress_;
};

}  // namespace lc::worker
