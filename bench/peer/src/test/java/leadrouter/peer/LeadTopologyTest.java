package leadrouter.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeadTopologyTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Instant START = Instant.parse("2026-11-24T10:00:00Z");

  @TempDir Path state;
  private TopologyTestDriver driver;
  private TestInputTopic<String, String> created;
  private TestOutputTopic<String, String> decisions;
  private TestOutputTopic<String, String> assigned;
  private TestOutputTopic<String, String> timers;

  @BeforeEach
  void open() throws IOException {
    open(1);
  }

  private void open(int room) throws IOException {
    Properties config = new Properties();
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    config.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    config.put(
        StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, LogAndContinueExceptionHandler.class);
    List<Rep> reps = Rep.read(Path.of("../../examples/tamarisk/reps.csv"), room);
    assertEquals(40, reps.size());
    driver = new TopologyTestDriver(LeadTopology.of("t.", reps, Map.of("name", "test")), config, START);
    created = driver.createInputTopic("t.lead.created", new StringSerializer(), new StringSerializer());
    decisions = driver.createOutputTopic("t.lead.decisions", new StringDeserializer(), new StringDeserializer());
    assigned = driver.createOutputTopic("t.lead.assigned", new StringDeserializer(), new StringDeserializer());
    timers = driver.createOutputTopic("t.lead.timers", new StringDeserializer(), new StringDeserializer());
  }

  @AfterEach
  void close() {
    driver.close();
  }

  /** The demo of a German bank: two specialists fit. */
  private static ObjectNode demo(String id) {
    ObjectNode lead = MAPPER.createObjectNode();
    lead.put("id", id).put("source", "demo_request").put("email", "jo@bank.example").put("job_title", "VP Risk");
    lead.put("country", "DE").put("language", "de").put("product", "core");
    lead.put("deal_value", 80_000).put("currency", "EUR");
    lead.putObject("company").put("industry", "finance").put("employees", 800).put("name", "Bank");
    return lead;
  }

  private JsonNode route(ObjectNode lead) throws IOException {
    created.pipeInput(lead.get("id").asText(), lead.toString());
    return MAPPER.readTree(assigned.readValue());
  }

  @Test
  void writesADecisionAndAnAssignmentThatAgree() throws IOException {
    created.pipeInput("L-1", demo("L-1").toString());
    TestRecord<String, String> decision = decisions.readRecord();
    TestRecord<String, String> assignment = assigned.readRecord();
    assertEquals("L-1", decision.key());
    assertEquals("L-1", assignment.key());
    JsonNode log = MAPPER.readTree(decision.value());
    JsonNode read = MAPPER.readTree(assignment.value());
    assertEquals("deals/specialist", log.at("/draft/rule").asText());
    assertEquals(log.at("/grant/rep").asText(), read.get("rep_id").asText());
    assertEquals("2026-11-24T10:00:00Z", read.get("assigned_at").asText());
    assertEquals("2026-11-24T10:20:00Z", read.at("/sla/accept_by").asText());
    assertEquals("test", read.at("/policy/name").asText());
    assertEquals(2, log.at("/grant/free").size(), "jonas and petra");
    assertEquals("jo@bank.example", read.at("/lead/email").asText());
    assertTrue(log.findValues("email").isEmpty(), "nothing personal in the log");
    assertNotNull(assignment.headers().lastHeader("rep_id"));
  }

  @Test
  void startsTheClocksOfAnOwner() throws IOException {
    route(demo("L-1"));
    JsonNode clocks = MAPPER.readTree(timers.readValue());
    assertEquals(7, clocks.get("due").size());
    assertEquals("2026-11-24T10:10:00Z", clocks.at("/due/0/at").asText());
    assertEquals("[\"remind\"]", clocks.at("/due/0/do").toString());

    route(demo("L-2").put("source", "newsletter"));
    assertTrue(timers.isEmpty(), "nobody owns it");
  }

  @Test
  void decidesALeadOnce() throws IOException {
    route(demo("L-1"));
    created.pipeInput("L-1", demo("L-1").toString());
    assertTrue(assigned.isEmpty());
    assertEquals(1, decisions.readValuesToList().size());
    assertEquals(1, ((Turn) driver.getKeyValueStore(Assigner.TURNS).get("jonas")).served());
  }

  @Test
  void scoresByThePointsOfThePolicy() throws IOException {
    JsonNode read = route(demo("L-1"));
    assertEquals(30 + 25 + 20 + 80, read.get("score").asInt());
    assertEquals("strong", read.get("fit").asText());
    assertEquals("high", read.get("intent").asText());

    JsonNode free = route(demo("L-2").put("email", "jo@gmail.com").put("source", "webinar").put("job_title", "Clerk"));
    assertEquals(30 + 25 - 40 + 40, free.get("score").asInt());
    assertEquals("nurture", free.get("outcome").asText());
    assertNull(free.get("rep_id"));
  }

  @Test
  void goesInTurnAmongThoseWhoFit() throws IOException {
    Map<String, Integer> got = new HashMap<>();
    for (int i = 0; i < 10; i++) {
      got.merge(route(demo("L-" + i)).get("rep_id").asText(), 1, Integer::sum);
    }
    assertEquals(Map.of("jonas", 5, "petra", 5), got);
  }

  @Test
  void givesTwiceTheWeightTwiceTheLeads() throws IOException {
    Map<String, Integer> got = new HashMap<>();
    for (int i = 0; i < 70; i++) { // high and weak: the SDRs of America who speak English; one has weight 2
      ObjectNode lead = demo("L-" + i).put("country", "US").put("language", "en").put("job_title", "Clerk");
      lead.withObject("/company").put("industry", "retail");
      got.merge(route(lead).get("rep_id").asText(), 1, Integer::sum);
    }
    assertEquals(20, got.get("darius"), got.toString());
    assertEquals(10, got.get("tom"), got.toString());
  }

  @Test
  void goesOnToTheNextStepWhenAllAreFull() throws IOException {
    for (int i = 0; i < 12; i++) { // six a day for each of the two
      assertEquals("specialists", route(demo("L-" + i)).get("pool").asText());
    }
    JsonNode next = route(demo("L-full"));
    assertEquals("klara", next.get("rep_id").asText());
    assertEquals("deals/deal-size", next.get("rule").asText());

    driver.advanceWallClockTime(Duration.ofDays(1));
    assertEquals("specialists", route(demo("L-tomorrow")).get("pool").asText());
  }

  @Test
  void waitsWhenNobodyHasRoom() throws IOException {
    String outcome = "assigned";
    int leads = 0;
    for (; outcome.equals("assigned"); leads++) {
      outcome = route(demo("L-" + leads)).get("outcome").asText();
    }
    assertEquals("waiting", outcome);
    assertEquals("waiting", route(demo("L-more")).get("outcome").asText());
    assertTrue(leads > 18, "three seniors have six places each, and there are others");
  }

  @Test
  void relaxesTheProductBeforeItGivesUpTheIndustry() throws IOException {
    JsonNode read = route(demo("L-1").put("country", "FR").put("language", "fr").put("product", "risk"));
    assertEquals("amelie", read.get("rep_id").asText());
    assertEquals("[\"product\"]", read.get("relaxed").toString());
  }

  @Test
  void passesOverWhatItCannotRead() throws IOException {
    created.pipeInput("L-1", "{\"id\":");
    assertEquals("assigned", route(demo("L-2")).get("outcome").asText());
  }

  @Test
  void makesRoomForABacklog() throws IOException {
    close();
    open(1000);
    for (int i = 0; i < 100; i++) {
      assertEquals("assigned", route(demo("L-" + i)).get("outcome").asText());
    }
  }
}
