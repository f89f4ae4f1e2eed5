package leadrouter.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Somebody who works on leads, with the caps of the level. */
record Rep(
    String id,
    String team,
    String level,
    int weight,
    Set<String> geo,
    Set<String> language,
    Set<String> industry,
    Set<String> product,
    Set<String> segment,
    Cap cap) {

  /** The most that a rep may have at once, and get in a day. */
  record Cap(int open, int day) {}

  private static final Map<String, Cap> CAPS =
      Map.of(
          "am", new Cap(80, Integer.MAX_VALUE),
          "senior", new Cap(25, 6),
          "mid", new Cap(40, 10),
          "junior", new Cap(50, 15),
          "sdr", new Cap(90, 40));

  /**
   * Reads reps.csv of a policy. Its cells hold no commas; lists in them are separated by blanks.
   *
   * @param room how many times the caps of the policy there is room for; a backlog would fill them
   */
  static List<Rep> read(Path csv, int room) throws IOException {
    List<String> lines = Files.readAllLines(csv);
    String[] head = lines.get(0).split(",");
    List<Rep> reps = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split(",", -1);
      Map<String, String> row = new HashMap<>();
      for (int i = 0; i < head.length; i++) {
        row.put(head[i], cells[i]);
      }
      reps.add(of(row, room));
    }
    return List.copyOf(reps);
  }

  private static Rep of(Map<String, String> row, int room) {
    Cap cap = CAPS.get(row.get("level"));
    return new Rep(
        row.get("id"),
        row.get("team"),
        row.get("level"),
        Integer.parseInt(row.get("weight")),
        list(row.get("geo")),
        list(row.get("language")),
        list(row.get("industry")),
        list(row.get("product")),
        list(row.get("segment")),
        new Cap(times(cap.open(), room), times(cap.day(), room)));
  }

  private static int times(int cap, int room) {
    return (int) Math.min((long) cap * room, Integer.MAX_VALUE);
  }

  private static Set<String> list(String cell) {
    return cell.isEmpty() ? Set.of() : Set.of(cell.split(" "));
  }
}
