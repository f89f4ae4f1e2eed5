package leadrouter.peer;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;

/** Who could have a lead, the best first: the rules of the policy, in Java. */
final class Pools {
  /** Reps of one step, by the rule that named their pool, without the axes that were relaxed. */
  record Step(String rule, String pool, List<String> relaxed, List<Rep> reps) {}

  /** The rule that matched first, its row if it is a table, and the steps it leads to. */
  record Plan(String rule, String row, List<Step> steps) {}

  /** An axis on which rep and lead have to match. */
  private enum Axis {
    GEO((rep, lead) -> rep.geo().contains(lead.geo())),
    LANGUAGE((rep, lead) -> holds(rep.language(), lead.language())),
    INDUSTRY((rep, lead) -> holds(rep.industry(), lead.company().industry())),
    PRODUCT((rep, lead) -> holds(rep.product(), lead.product())),
    SEGMENT((rep, lead) -> holds(rep.segment(), lead.segment()));

    final BiPredicate<Rep, Lead> match;

    Axis(BiPredicate<Rep, Lead> match) {
      this.match = match;
    }

    private static boolean holds(Set<String> of, String value) {
      return of.contains("any") || value != null && of.contains(value);
    }
  }

  /** Reps of some levels who match on all axes; then the relaxed ones are dropped in turn. */
  private record Pool(Set<String> levels, List<Axis> match, List<Axis> relax) {}

  private static final Map<String, Pool> POOLS =
      Map.of(
          "specialists",
          new Pool(
              Set.of("senior", "mid"),
              List.of(Axis.GEO, Axis.LANGUAGE, Axis.INDUSTRY, Axis.PRODUCT),
              List.of(Axis.PRODUCT)),
          "senior", new Pool(Set.of("senior"), List.of(Axis.GEO, Axis.LANGUAGE), List.of()),
          "mid-market",
          new Pool(
              Set.of("mid"),
              List.of(Axis.GEO, Axis.LANGUAGE, Axis.SEGMENT),
              List.of(Axis.SEGMENT, Axis.LANGUAGE)),
          "junior", new Pool(Set.of("junior"), List.of(Axis.GEO, Axis.LANGUAGE), List.of(Axis.LANGUAGE)),
          "sdr", new Pool(Set.of("sdr"), List.of(Axis.GEO, Axis.LANGUAGE), List.of(Axis.LANGUAGE)),
          "awake", new Pool(Set.of("sdr", "junior"), List.of(Axis.LANGUAGE), List.of(Axis.LANGUAGE)));

  private final List<Rep> reps;

  Pools(List<Rep> reps) {
    this.reps = reps;
  }

  /** The plan for a lead. Without steps it goes to nobody: it is nurtured. */
  Plan plan(Lead lead, Score score) {
    String row = score.intent() + ", " + score.fit();
    return switch (row) {
      case "high, strong" -> deal(lead);
      case "high, weak" -> plan(lead, "intent-by-fit", row, "sdr", "awake");
      case "medium, strong" -> plan(lead, "intent-by-fit", row, "sdr");
      default -> new Plan("intent-by-fit", row, List.of());
    };
  }

  /** Specialists first where there are any, then by the size of the deal. */
  private Plan deal(Lead lead) {
    Plan size = size(lead);
    if (!lead.regulated() || lead.value() < 10_000) {
      return size;
    }
    Plan specialist = plan(lead, "deals/specialist", null, "specialists");
    if (specialist.steps().isEmpty()) {
      return size;
    }
    specialist.steps().addAll(size.steps());
    return specialist;
  }

  private Plan size(Lead lead) {
    double value = lead.value();
    if (value < 10_000) {
      return plan(lead, "deals/deal-size", "small", "junior", "awake");
    }
    if (value <= 50_000) {
      return plan(lead, "deals/deal-size", "mid", "mid-market", "senior", "awake");
    }
    return plan(lead, "deals/deal-size", "large", "senior", "mid-market");
  }

  private Plan plan(Lead lead, String rule, String row, String... pools) {
    List<Step> steps = new ArrayList<>();
    for (String name : pools) {
      Pool pool = POOLS.get(name);
      for (int dropped = 0; dropped <= pool.relax().size(); dropped++) {
        List<Axis> relaxed = pool.relax().subList(0, dropped);
        List<Rep> fit = reps.stream().filter(rep -> fits(rep, lead, pool, relaxed)).toList();
        if (!fit.isEmpty()) {
          List<String> names = relaxed.stream().map(axis -> axis.name().toLowerCase(Locale.ROOT)).toList();
          steps.add(new Step(rule, name, names, fit));
        }
      }
    }
    return new Plan(rule, row, steps);
  }

  /** The guard is never relaxed: health data of Europeans stays with Europeans. */
  private static boolean fits(Rep rep, Lead lead, Pool pool, List<Axis> relaxed) {
    if (!pool.levels().contains(rep.level())) {
      return false;
    }
    if (lead.geo().equals("emea") && "health".equals(lead.company().industry()) && !rep.geo().contains("emea")) {
      return false;
    }
    for (Axis axis : pool.match()) {
      if (!relaxed.contains(axis) && !axis.match.test(rep, lead)) {
        return false;
      }
    }
    return true;
  }
}
