package leadrouter.peer;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** A decision with what it rests on, as it goes to lead.decisions: nothing personal is in it. */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Decision(
    int engine,
    Op op,
    String kind,
    Map<String, String> policy,
    Draft draft,
    Grant grant,
    @JsonIgnore Score score,
    @JsonIgnore Lead lead) {

  /** The input record. */
  record Op(String topic, int partition, long offset) {}

  /** The plan: the facts that it was made from, and its steps. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Draft(
      String rule,
      String row,
      Map<String, Object> facts,
      int score,
      String fit,
      String intent,
      List<String> lines,
      List<Candidates> steps,
      String sla,
      List<Clocks.Due> due) {}

  /** The reps of a step. */
  record Candidates(String rule, String pool, List<String> relaxed, List<String> reps) {}

  /** What the stores say: who got it, what all had who were free, and what that rep has now. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Grant(
      String id,
      String lead,
      long at,
      String outcome,
      int attempt,
      Integer step,
      String rep,
      String team,
      Map<String, Turn> free,
      Turn load) {}

  /** What is expected of the owner. */
  record Expected(String name, String accept_by, String contact_by) {}

  /** What subscribers read of it. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Assigned(
      String assignment_id,
      String lead_id,
      int attempt,
      String outcome,
      String rep_id,
      String team,
      String pool,
      String rule,
      String row,
      String pick,
      String reason,
      List<String> relaxed,
      int score,
      String fit,
      String intent,
      String assigned_at,
      Expected sla,
      Map<String, String> policy,
      Lead lead) {}

  Assigned assigned() {
    Candidates step = grant.step() == null ? null : draft.steps().get(grant.step());
    return new Assigned(
        grant.id(),
        grant.lead(),
        grant.attempt(),
        grant.outcome(),
        grant.rep(),
        grant.team(),
        step == null ? null : step.pool(),
        step == null ? draft.rule() : step.rule(),
        draft.row(),
        step == null ? null : "round_robin",
        reason(step),
        step == null ? null : step.relaxed(),
        score.points(),
        score.fit(),
        score.intent(),
        Instant.ofEpochMilli(grant.at()).toString(),
        step == null ? null : new Expected(draft.sla(), draft.due().get(2).at(), draft.due().get(1).at()),
        policy,
        lead);
  }

  private String reason(Candidates step) {
    if (step == null) {
      return "Rule " + draft.rule() + " gives it to nobody for now.";
    }
    return "Next in turn of the " + step.reps().size() + " in pool " + step.pool() + ", by rule " + step.rule() + ".";
  }
}
