package leadrouter.peer;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The points of a lead, with the lines that gave them.
 *
 * @param points of fit and intent together
 * @param fit weak or strong
 * @param intent low, medium or high
 */
record Score(int points, String fit, String intent, List<String> lines) {
  private static final Set<String> HIGH = Set.of("demo_request", "contact_sales", "pricing_visit", "reply");
  private static final Set<String> MEDIUM = Set.of("webinar", "case_study", "event");
  private static final Set<String> LOW = Set.of("content_download", "newsletter", "badge_scan");
  private static final Set<String> FREE = Set.of("gmail.com", "gmx.de", "outlook.com", "yahoo.com");

  static Score of(Lead lead) {
    List<String> lines = new ArrayList<>(8);
    Integer employees = lead.company().employees();
    int fit =
        add(lines, 30, "company.employees >= 50", employees != null && employees >= 50)
            + add(lines, 25, "regulated", lead.regulated())
            + add(lines, 20, "seniority in [\"director\", \"vp\", \"c_level\"]", lead.senior())
            + add(lines, -40, "email_free", free(lead.email()));
    String source = lead.source() == null ? "" : lead.source();
    int intent =
        add(lines, 80, "source in [\"demo_request\", \"contact_sales\", \"pricing_visit\", \"reply\"]", HIGH.contains(source))
            + add(lines, 40, "source in [\"webinar\", \"case_study\", \"event\"]", MEDIUM.contains(source))
            + add(lines, 15, "source in [\"content_download\", \"newsletter\", \"badge_scan\"]", LOW.contains(source));
    String band = intent < 30 ? "low" : intent < 70 ? "medium" : "high";
    return new Score(fit + intent, fit < 50 ? "weak" : "strong", band, lines);
  }

  private static int add(List<String> lines, int points, String line, boolean holds) {
    if (!holds) {
      return 0;
    }
    lines.add(points + ": " + line);
    return points;
  }

  private static boolean free(String email) {
    return email != null && FREE.contains(email.substring(email.indexOf('@') + 1));
  }
}
