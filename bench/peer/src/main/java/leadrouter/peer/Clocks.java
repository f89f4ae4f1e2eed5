package leadrouter.peer;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The SLA clocks of an assignment, as they go to lead.timers: those of the SLA of demos, around the clock. */
record Clocks(String lead_id, int attempt, String rep_id, String sla, String start, List<Due> due) {

  /** A stage of a clock, and what is to be done then. */
  record Due(String clock, int stage, String at, @JsonProperty("do") List<String> actions) {}

  private record Stage(String clock, int number, Duration after, List<String> actions) {}

  private static final List<Stage> DEMO =
      List.of(
          new Stage("accepted", 0, Duration.ofMinutes(10), List.of("remind")),
          new Stage("contacted", 0, Duration.ofMinutes(15), List.of()),
          new Stage("accepted", 1, Duration.ofMinutes(20), List.of()),
          new Stage("accepted", 2, Duration.ofMinutes(20), List.of("to_backup")),
          new Stage("contacted", 1, Duration.ofMinutes(30), List.of("reassign", "tell_manager")),
          new Stage("overall", 0, Duration.ofHours(2), List.of()),
          new Stage("overall", 1, Duration.ofHours(2), List.of("to_manager")));

  /** When the stages are due of a lead that is assigned at an instant. */
  static List<Due> due(long at) {
    Instant start = Instant.ofEpochMilli(at);
    List<Due> due = new ArrayList<>(DEMO.size());
    for (Stage stage : DEMO) {
      due.add(new Due(stage.clock(), stage.number(), start.plus(stage.after()).toString(), stage.actions()));
    }
    return due;
  }

  static Clocks of(Decision decision) {
    Decision.Grant grant = decision.grant();
    String start = Instant.ofEpochMilli(grant.at()).toString();
    return new Clocks(grant.lead(), grant.attempt(), grant.rep(), "demo", start, decision.draft().due());
  }
}
