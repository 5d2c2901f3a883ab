#pragma once

#include <array>
#include <string_view>

// The stable words in the field `reason` of an `__error`. proto/README.md says what each one means
// and what an operator does about it.
namespace lc::proto {

inline constexpr std::string_view kReasonEventInvalid = "event_invalid";
inline constexpr std::string_view kReasonEventTooFarAhead = "event_too_far_ahead";
inline constexpr std::string_view kReasonEventWrongStream = "event_wrong_stream";
inline constexpr std::string_view kReasonEventLateDropped = "event_late_dropped";
inline constexpr std::string_view kReasonEventDeadLetter = "event_dead_letter";
inline constexpr std::string_view kReasonBacklogOverflow = "backlog_overflow";
inline constexpr std::string_view kReasonBacklogCollapsed = "backlog_collapsed";
inline constexpr std::string_view kReasonDependencyDisabled = "dependency_disabled";
inline constexpr std::string_view kReasonNeedsUnmetAtEnd = "needs_unmet_at_end";
inline constexpr std::string_view kReasonContextConflict = "context_conflict";
inline constexpr std::string_view kReasonCtxSize = "ctx_size";
inline constexpr std::string_view kReasonContextRefused = "context_refused";
inline constexpr std::string_view kReasonReactionFailed = "reaction_failed";
inline constexpr std::string_view kReasonWorkerFailed = "worker_failed";
inline constexpr std::string_view kReasonDisabled = "disabled";
inline constexpr std::string_view kReasonDoneStale = "done_stale";
inline constexpr std::string_view kReasonDoneForged = "done_forged";
inline constexpr std::string_view kReasonDoneMalformed = "done_malformed";
inline constexpr std::string_view kReasonDoneWrongCrew = "done_wrong_crew";
inline constexpr std::string_view kReasonActionInvalid = "action_invalid";
inline constexpr std::string_view kReasonReadyTooLarge = "ready_too_large";
inline constexpr std::string_view kReasonNatsLost = "nats_lost";
inline constexpr std::string_view kReasonWorkerInitFailed = "worker_init_failed";
inline constexpr std::string_view kReasonCrewRemoved = "crew_removed";
inline constexpr std::string_view kReasonActionsExpired = "actions_expired";
inline constexpr std::string_view kReasonJournalLoss = "journal_loss";
inline constexpr std::string_view kReasonReactionLost = "reaction_lost";
inline constexpr std::string_view kReasonCrewNowhere = "crew_nowhere";

inline constexpr std::array kErrorReasons = {
    kReasonEventInvalid,     kReasonEventTooFarAhead,   kReasonEventWrongStream,
    kReasonEventLateDropped, kReasonEventDeadLetter,    kReasonBacklogOverflow,
    kReasonBacklogCollapsed, kReasonDependencyDisabled, kReasonContextConflict,
    kReasonCtxSize,          kReasonReactionFailed,     kReasonDisabled,
    kReasonDoneStale,        kReasonDoneForged,         kReasonDoneMalformed,
    kReasonDoneWrongCrew,    kReasonActionInvalid,      kReasonReadyTooLarge,
    kReasonNatsLost,         kReasonWorkerInitFailed,   kReasonContextRefused,
    kReasonNeedsUnmetAtEnd,  kReasonWorkerFailed,       kReasonCrewRemoved,
    kReasonActionsExpired,   kReasonJournalLoss,        kReasonReactionLost,
    kReasonCrewNowhere,
};

}  // namespace lc::proto
