// Package event is the one envelope of everything on Kafka, its codec, and the
// payloads of the contract.
//
//	record ──Decode──► Envelope ──Parse…──► payload
//	payload ──New────► Envelope ──Encode──► headers, value
//
// # Envelope
//
// CloudEvents 1.0 in the binary mode of the Kafka binding: attributes are headers
// with the prefix ce_, the value is the data. What comes in may also be in
// structured mode, or bare JSON without any header, as kcat writes it.
//
// # Ids
//
// The id of an event that we emit derives from its cause ([ID]): made again, it is
// the same. Nothing here asks a clock or chance.
//
// # Errors
//
// Input that cannot be understood gives a [*lead.Error]: a stable code, the field,
// never its value.
//
//go:generate sh -c "go run ./eventdoc > ../../docs/events.md"
package event
