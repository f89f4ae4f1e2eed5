package leadrouter.peer;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/** Decides each lead once: who gets it, of those who fit and have room, is whose turn it is. */
final class Assigner extends ContextualFixedKeyProcessor<String, Lead, Decision> {
  /** The assignment of each lead id that has been decided. */
  static final String SEEN = "seen";

  /** The {@link Turn} of each rep. */
  static final String TURNS = "turns";

  private final Pools pools;
  private final Map<String, String> policy;
  private KeyValueStore<String, String> seen;
  private KeyValueStore<String, Turn> turns;

  /**
   * An assigner of one task.
   *
   * @param policy its name, version and hash, as records name it
   */
  Assigner(Pools pools, Map<String, String> policy) {
    this.pools = pools;
    this.policy = policy;
  }

  @Override
  public void init(FixedKeyProcessorContext<String, Decision> context) {
    super.init(context);
    seen = context.getStateStore(SEEN);
    turns = context.getStateStore(TURNS);
  }

  @Override
  public void process(FixedKeyRecord<String, Lead> record) {
    Lead lead = record.value();
    String id = UUID.nameUUIDFromBytes(lead.id().getBytes(StandardCharsets.UTF_8)).toString();
    if (seen.putIfAbsent(lead.id(), id) != null) {
      return; // a repeat changes nothing
    }
    Score score = Score.of(lead);
    Pools.Plan plan = pools.plan(lead, score);
    long now = context().currentSystemTimeMs();
    Decision.Grant grant = grant(id, lead, plan, now);
    Decision decision = new Decision(1, op(), "assign", policy, draft(lead, score, plan, now), grant, score, lead);
    context().forward(record.withValue(decision).withHeaders(stamp(record.headers(), decision)));
  }

  /** The first step with somebody under the caps takes it. */
  private Decision.Grant grant(String id, Lead lead, Pools.Plan plan, long now) {
    long day = TimeUnit.MILLISECONDS.toDays(now);
    for (int i = 0; i < plan.steps().size(); i++) {
      Map<String, Turn> free = free(plan.steps().get(i).reps(), day);
      Rep rep = next(plan.steps().get(i).reps(), free);
      if (rep != null) {
        Turn turn = free.get(rep.id()).served(day, now);
        turns.put(rep.id(), turn);
        return new Decision.Grant(id, lead.id(), now, "assigned", 1, i, rep.id(), rep.team(), free, turn);
      }
    }
    String outcome = plan.steps().isEmpty() ? "nurture" : "waiting";
    return new Decision.Grant(id, lead.id(), now, outcome, 1, null, null, null, null, null);
  }

  /** The turns of those who are under their caps. */
  private Map<String, Turn> free(List<Rep> reps, long day) {
    Map<String, Turn> free = new LinkedHashMap<>();
    for (Rep rep : reps) {
      Turn turn = turns.get(rep.id());
      turn = turn == null ? Turn.NONE : turn;
      if (turn.under(rep.cap(), day)) {
        free.put(rep.id(), turn);
      }
    }
    return free;
  }

  /** Of those who are free, the one with the fewest leads for the weight, then who has waited longest. */
  private static Rep next(List<Rep> reps, Map<String, Turn> free) {
    Rep best = null;
    for (Rep rep : reps) {
      Turn turn = free.get(rep.id());
      if (turn != null && (best == null || before(turn, rep, free.get(best.id()), best))) {
        best = rep;
      }
    }
    return best;
  }

  private static boolean before(Turn a, Rep of, Turn b, Rep than) {
    long mine = a.served() * than.weight();
    long theirs = b.served() * of.weight();
    return mine != theirs ? mine < theirs : a.last() < b.last();
  }

  private Decision.Op op() {
    RecordMetadata at = context().recordMetadata().orElseThrow();
    return new Decision.Op(at.topic(), at.partition(), at.offset());
  }

  private static Decision.Draft draft(Lead lead, Score score, Pools.Plan plan, long now) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("source", lead.source());
    facts.put("country", lead.country());
    facts.put("language", lead.language());
    facts.put("company.employees", lead.company().employees());
    facts.put("company.industry", lead.company().industry());
    facts.put("product", lead.product());
    facts.put("value", lead.value());
    facts.put("geo", lead.geo());
    List<Decision.Candidates> steps = new ArrayList<>(plan.steps().size());
    for (Pools.Step step : plan.steps()) {
      List<String> ids = step.reps().stream().map(Rep::id).toList();
      steps.add(new Decision.Candidates(step.rule(), step.pool(), step.relaxed(), ids));
    }
    return new Decision.Draft(
        plan.rule(),
        plan.row(),
        facts,
        score.points(),
        score.fit(),
        score.intent(),
        score.lines(),
        steps,
        "demo",
        Clocks.due(now));
  }

  /** The attributes of a CloudEvent, and what lets subscribers filter without reading. */
  private static Headers stamp(Headers headers, Decision decision) {
    Decision.Grant grant = decision.grant();
    Map<String, String> all = new HashMap<>();
    all.put("content-type", "application/json");
    all.put("ce_specversion", "1.0");
    all.put("ce_id", grant.id());
    all.put("ce_source", "/leadrouter/peer");
    all.put("ce_subject", grant.lead());
    all.put("ce_time", Instant.ofEpochMilli(grant.at()).toString());
    all.put("outcome", grant.outcome());
    if (grant.rep() != null) {
      all.put("rep_id", grant.rep());
      all.put("team", grant.team());
    }
    all.forEach((key, value) -> headers.add(key, value.getBytes(StandardCharsets.UTF_8)));
    return headers;
  }
}
