package leadrouter.peer;

import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/**
 * What a rep has got so far.
 *
 * @param served leads in all; the rotation divides it by the rep's weight
 * @param open leads that are not closed
 * @param day of which {@code today} counts, in days since 1970
 * @param last when the rep was served last, in milliseconds since 1970
 */
record Turn(long served, int open, long day, int today, long last) {
  static final Turn NONE = new Turn(0, 0, 0, 0, 0);

  private static final int BYTES = 3 * Long.BYTES + 2 * Integer.BYTES;

  boolean under(Rep.Cap cap, long on) {
    return open < cap.open() && (day == on ? today : 0) < cap.day();
  }

  Turn served(long on, long at) {
    return new Turn(served + 1, open + 1, on, day == on ? today + 1 : 1, at);
  }

  static Serde<Turn> serde() {
    return Serdes.serdeFrom(
        (topic, turn) ->
            turn == null
                ? null
                : ByteBuffer.allocate(BYTES)
                    .putLong(turn.served)
                    .putInt(turn.open)
                    .putLong(turn.day)
                    .putInt(turn.today)
                    .putLong(turn.last)
                    .array(),
        (topic, bytes) -> {
          if (bytes == null) {
            return null;
          }
          ByteBuffer in = ByteBuffer.wrap(bytes);
          return new Turn(in.getLong(), in.getInt(), in.getLong(), in.getInt(), in.getLong());
        });
  }
}
