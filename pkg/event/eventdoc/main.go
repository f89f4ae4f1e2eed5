// Command eventdoc writes docs/events.md from the schemas and the list of topics.
//
//	go run ./pkg/event/eventdoc > docs/events.md
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"strings"

	"leadrouter/pkg/event"
	"leadrouter/schemas"
)

func main() {
	page, err := render()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(page)
}

const head = `# Events

<!-- Written by go generate ./pkg/event from schemas/*.json and event.Topics; do not edit. -->

Every event is a [CloudEvent](https://cloudevents.io) 1.0 on Kafka, in binary mode: the attributes are headers
(` + "`ce_specversion`, `ce_id`, `ce_type`, `ce_source`, `ce_subject`, `ce_time`, `content-type`, `traceparent`" + `), the
value is the data, JSON. Input topics also take structured mode (` + "`application/cloudevents+json`" + `) and bare JSON
without any header. The type is the topic's name without the prefix of the installation (` + "`--instance`" + `).

Input that cannot be understood goes to ` + "`<topic>.dlq`" + `, byte for byte, with the headers ` + "`error_code`, `error`," + `
` + "`source_topic`, `source_partition` and `source_offset`" + ` added.

## Topics

| topic | key | cleanup | written by | what it carries |
|---|---|---|---|---|
`

// schema is as much of JSON Schema as our files use.
type schema struct {
	Ref         string          `json:"$ref"`
	Description string          `json:"description"`
	Type        any             `json:"type"`
	Enum        []string        `json:"enum"`
	Format      string          `json:"format"`
	Required    []string        `json:"required"`
	Items       *schema         `json:"items"`
	Properties  json.RawMessage `json:"properties"`
}

func render() (string, error) {
	var out strings.Builder
	out.WriteString(head)
	for _, t := range event.Topics("") {
		fmt.Fprintf(&out, "| [`%s`](#%s) | %s | %s | %s | %s |\n",
			t.Type, strings.ReplaceAll(string(t.Type), ".", ""), t.Key, t.Cleanup, t.Writer, t.Doc)
	}
	for _, t := range event.Topics("") {
		if err := section(&out, t.Type); err != nil {
			return "", fmt.Errorf("describe %s: %w", t.Type, err)
		}
	}
	return out.String(), nil
}

func section(out *strings.Builder, t event.Type) error {
	raw, err := schemas.FS.ReadFile(string(t) + ".json")
	if err != nil {
		return err
	}
	var s schema
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n## %s\n\n%s\n\n| field | type | |\n|---|---|---|\n", t, s.Description)
	return rows(out, "", s)
}

// rows writes one line per property; those of objects follow their own, dotted.
func rows(out *strings.Builder, prefix string, s schema) error {
	names, props, err := ordered(s.Properties)
	if err != nil {
		return err
	}
	required := map[string]bool{}
	for _, name := range s.Required {
		required[name] = true
	}
	for i, p := range props {
		mark := ""
		if required[names[i]] {
			mark = " **required**"
		}
		fmt.Fprintf(out, "| `%s%s`%s | %s | %s |\n", prefix, names[i], mark, typeOf(p), p.Description)
		if err := rows(out, prefix+names[i]+".", p); err != nil {
			return err
		}
		if p.Items != nil {
			if err := rows(out, prefix+names[i]+"[].", *p.Items); err != nil {
				return err
			}
		}
	}
	return nil
}

// ordered reads the properties of a schema in the order they are written, which is
// the order people should read them in.
func ordered(raw json.RawMessage) (names []string, props []schema, err error) {
	if raw == nil {
		return nil, nil, nil
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	if _, err := d.Token(); err != nil {
		return nil, nil, err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		var p schema
		if err := d.Decode(&p); err != nil {
			return nil, nil, err
		}
		names, props = append(names, fmt.Sprint(name)), append(props, p)
	}
	return names, props, nil
}

func typeOf(s schema) string {
	switch {
	case s.Ref != "":
		name := strings.TrimSuffix(s.Ref, ".json")
		return fmt.Sprintf("[%s](#%s)", name, strings.ReplaceAll(name, ".", ""))
	case s.Enum != nil:
		return "`" + strings.Join(s.Enum, "` `") + "`"
	case s.Items != nil && typeOf(*s.Items) != "object":
		return "list of " + typeOf(*s.Items)
	case s.Items != nil:
		return "list"
	case s.Format == "date-time":
		return "date-time"
	}
	if types, ok := s.Type.([]any); ok { // with null: it may be left out
		return fmt.Sprint(types[0])
	}
	return fmt.Sprint(s.Type)
}
