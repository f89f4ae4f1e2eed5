package leadrouter.peer;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;

/** A lead as lead.created brings it: what is read of it, and what subscribers get of it. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
record Lead(
    String id,
    String source,
    String channel,
    String email,
    String first_name,
    String last_name,
    String job_title,
    String country,
    String language,
    Company company,
    String product,
    double deal_value,
    String currency) {

  @JsonIgnoreProperties(ignoreUnknown = true)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Company(String name, String domain, String industry, Integer employees) {}

  /** Never null, so that rules need not ask. */
  @Override
  public Company company() {
    return company == null ? new Company(null, null, null, null) : company;
  }

  /** US dollars at the rate of the policy, all else as euros. */
  double value() {
    return "USD".equals(currency) ? deal_value * 0.92 : deal_value;
  }

  /** Of the territories of the policy: the Americas, or the rest. */
  String geo() {
    return "US".equals(country) ? "us" : "emea";
  }

  boolean regulated() {
    return "health".equals(company().industry()) || "finance".equals(company().industry());
  }

  /** From the job title, as far as the rules ask for it. */
  boolean senior() {
    if (job_title == null) {
      return false;
    }
    return job_title.startsWith("VP") || job_title.startsWith("Director") || job_title.startsWith("Chief");
  }

  /** By size of the company; the last band when nobody knows. */
  String segment() {
    Integer n = company().employees();
    if (n == null || n > 5000) {
      return "enterprise";
    }
    return n < 50 ? "micro" : n <= 500 ? "smb" : "mid";
  }
}
