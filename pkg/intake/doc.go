// Package intake reads the files that people export from CRMs, forms and
// spreadsheets, and turns each row into the data of a lead.created event.
//
//	CSV, TSV ─► split ─┐
//	JSONL ─────────────┼─► rows ─► [Map] ─► lead JSON ─► lead.Parse ─► [Record]
//	JSON ──────────────┘            │
//	                                └─► cannot be read: Record.Err ─► [Refused]
//
// # Nothing is guessed, nothing is lost
//
// A cell that can be read in two ways ("12.500", "03/04/2026") is not read at all:
// its line is set aside with the reason, byte for byte, and the file goes on. A
// column that the map does not name and that is not well known becomes an
// attribute.
//
// # Publishing twice
//
// A row without an id gets one from its own cells, whatever their order, quoting
// or line ends, and whatever the map says. The same file published again repeats
// the same ids, which the router takes as repeats: nothing changes.
//
// # Bounds
//
// Files are streamed. A row is at most [Config.MaxRow] bytes; a quote that is
// never closed costs its own line and no other.
package intake
