package leadrouter.peer;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** From lead.created to lead.decisions, lead.assigned and lead.timers. */
final class LeadTopology {
  private LeadTopology() {}

  /**
   * The topology over topics that begin with {@code prefix}.
   *
   * @param reps who get leads
   * @param policy its name, version and hash, as records name it
   */
  static Topology of(String prefix, List<Rep> reps, Map<String, String> policy) {
    StreamsBuilder builder = new StreamsBuilder();
    KStream<String, Decision> decisions =
        builder
            .stream(prefix + "lead.created", Consumed.with(Serdes.String(), Json.of(Lead.class)))
            .processValues(new Assigners(new Pools(reps), policy));
    decisions.to(prefix + "lead.decisions", Produced.with(Serdes.String(), Json.of(Decision.class)));
    decisions
        .mapValues(Decision::assigned)
        .to(prefix + "lead.assigned", Produced.with(Serdes.String(), Json.of(Decision.Assigned.class)));
    decisions
        .filter((lead, decision) -> decision.grant().rep() != null)
        .mapValues(Clocks::of)
        .to(prefix + "lead.timers", Produced.with(Serdes.String(), Json.of(Clocks.class)));
    return builder.build();
  }

  /** Makes an assigner for each task, and its stores. */
  private record Assigners(Pools pools, Map<String, String> policy)
      implements FixedKeyProcessorSupplier<String, Lead, Decision> {
    @Override
    public FixedKeyProcessor<String, Lead, Decision> get() {
      return new Assigner(pools, policy);
    }

    /**
     * Lead ids are written once and grow without end: RocksDB, and nothing to gain by a cache.
     * The turns of some reps change with every lead: in memory, and by way of a cache, so that the
     * changelog gets the last turn of a commit alone.
     */
    @Override
    public Set<StoreBuilder<?>> stores() {
      return Set.of(
          Stores.keyValueStoreBuilder(
              Stores.persistentKeyValueStore(Assigner.SEEN), Serdes.String(), Serdes.String()),
          Stores.keyValueStoreBuilder(
                  Stores.inMemoryKeyValueStore(Assigner.TURNS), Serdes.String(), Turn.serde())
              .withCachingEnabled());
    }
  }
}
