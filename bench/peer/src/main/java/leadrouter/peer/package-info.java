/**
 * The lead router as its users would otherwise write it: a Kafka Streams application, exactly once,
 * with its state in stores of its own. It is there to be measured beside leadrouter, and is as fair
 * as we could make it: where it does less than leadrouter, that is to its advantage.
 *
 * <pre>
 *                  ┌────────────────── task of a partition ──────────────────┐
 *   lead.created ──► Json ──► Assigner ── seen (RocksDB), turns (in memory)  ├──► lead.decisions
 *                  │          Score, Pools, Turn                             ├──► lead.assigned
 *                  │                                                         ├──► lead.timers
 *                  └────────────────────────┬────────────────────────────────┘
 *                                           └──► changelogs of the stores, in the same transaction
 * </pre>
 *
 * What it does with a lead is the part of {@code examples/tamarisk} that can be said in a page of
 * Java: the same points, bands and pools, the axes of a pool dropped one after the other, caps,
 * and a rotation. What it leaves out: the policy as a file, calendars, persons and companies that
 * are known, SLA clocks, the waiting line, activities, audit.
 *
 * <p>Rotation and caps are kept by the task of a partition, as stores in Kafka Streams are. So a
 * cap holds for each partition and not overall; to hold overall, all leads would have to go through
 * one partition.
 */
package leadrouter.peer;
