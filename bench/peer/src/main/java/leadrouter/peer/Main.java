package leadrouter.peer;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * Runs the peer until its standard input ends. Arguments are settings of Kafka Streams and its
 * clients, {@code name=value}, and
 *
 * <ul>
 *   <li>{@code peer.prefix}: what the names of the topics begin with;
 *   <li>{@code peer.reps}: reps.csv of a policy;
 *   <li>{@code peer.room}: how many times its caps there is room for.
 * </ul>
 *
 * It says {@code running} on a line of its own once it is assigned its partitions. It exits with 1
 * when a stream thread has died, and with 2 when the arguments are wrong.
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws IOException, NoSuchAlgorithmException {
    Properties config = settings(args);
    Topology topology;
    try {
      topology = topology(config);
    } catch (NumberFormatException | NoSuchFileException e) {
      System.err.println("peer: peer.reps and peer.room: " + e);
      System.exit(2);
      return;
    }
    KafkaStreams streams = new KafkaStreams(topology, config);
    streams.setUncaughtExceptionHandler(
        e -> {
          System.err.println("peer: " + e);
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.setStateListener(
        (now, before) -> {
          if (now == KafkaStreams.State.RUNNING) {
            System.out.println("running");
          } else if (now == KafkaStreams.State.ERROR) {
            Runtime.getRuntime().halt(1);
          }
        });
    streams.start();
    System.in.transferTo(OutputStream.nullOutputStream());
    streams.close(Duration.ofSeconds(30));
  }

  private static Topology topology(Properties config) throws IOException, NoSuchAlgorithmException {
    Path csv = Path.of(config.getProperty("peer.reps"));
    List<Rep> reps = Rep.read(csv, Integer.parseInt(config.getProperty("peer.room")));
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(csv));
    Map<String, String> policy =
        Map.of("name", "tamarisk", "version", "2026-11", "hash", HexFormat.of().formatHex(hash));
    return LeadTopology.of(config.getProperty("peer.prefix"), reps, policy);
  }

  /** What is common to all tunings, and what the arguments say. */
  private static Properties settings(String[] args) {
    Properties config = new Properties();
    config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    config.put(
        StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, LogAndContinueExceptionHandler.class);
    for (String arg : args) {
      int is = arg.indexOf('=');
      if (is < 0) {
        System.err.println("peer: want name=value, not " + arg);
        System.exit(2);
      }
      config.put(arg.substring(0, is), arg.substring(is + 1));
    }
    return config;
  }
}
