// Package export turns assignments and decisions into tables: CSV for spreadsheets, JSON
// lines for scripts, Parquet for warehouses.
//
//	lead.assigned  ─► [Assignment]  ─┐
//	                                 ├─► Writer ─► CSV | JSON lines | Parquet
//	lead.decisions ─► [Decision]    ─┘
//
// A row is one event, flat, with the same columns in every format. Rows go out as they
// come in: memory does not grow with them. Nothing personal is in a row, except in the
// column `lead` of an assignment, which is filled for who asks for it.
package export
