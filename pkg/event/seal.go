package event

import (
	"encoding/json"
	"time"
)

// Seal is the data of lead.seals: what stood in the decision log when it was sealed,
// behind the seal before. Its digest, which the next one names, is the SHA-256 of the
// data as it is written.
type Seal struct {
	Number   int64  `json:"number"`   // from 1, without holes
	Previous string `json:"previous"` // digest of the seal before; of the first 64 zeros
	// Sequence: all decisions up to this one are behind this seal or an earlier one.
	Sequence  int64     `json:"sequence"`
	At        time.Time `json:"at"`
	Count     int64     `json:"count"`     // records sealed
	Root      string    `json:"root"`      // Merkle root over those of the stretches
	Stretches []Stretch `json:"stretches"` // by partition, ascending; those with records
	// Snapshot is the digest of the snapshot that was taken with this seal, if any.
	Snapshot string `json:"snapshot,omitempty"`
}

// Stretch is what a seal says of one partition.
type Stretch struct {
	Partition int32       `json:"partition"`
	From      int64       `json:"from"` // first offset
	To        int64       `json:"to"`   // the one behind the last
	Root      string      `json:"root"` // Merkle root over those of the blocks
	Blocks    []SealBlock `json:"blocks"`
}

// SealBlock is a run of records of a partition: so many from an offset on, up to where
// the next block begins.
type SealBlock struct {
	From  int64  `json:"from"`
	Count int    `json:"count"`
	Root  string `json:"root"` // Merkle root over the records
}

// Snapshot is the data of ledger.snapshot under the key of a snapshot: what it takes to
// put its parts together, and where to read on in the decision log.
type Snapshot struct {
	Sequence int64 `json:"sequence"` // the last one in the ledger
	Epoch    int64 `json:"epoch"`
	At       int64 `json:"at"`   // ledger time, Unix milliseconds
	Seal     int64 `json:"seal"` // number of the seal that it was taken with
	Parts    int   `json:"parts"`
	// Digest is the SHA-256 of the content, gzipped as it is in the parts.
	Digest string `json:"digest"`
	// Offsets of the log, by partition: the records below are in the snapshot.
	Offsets map[int32]int64 `json:"offsets"`
}

// SnapshotPart is the data of ledger.snapshot under the key of a part.
type SnapshotPart struct {
	Sequence int64  `json:"sequence"` // of the snapshot
	Part     int    `json:"part"`     // from 0
	Parts    int    `json:"parts"`
	Content  []byte `json:"content"` // base64 in JSON
}

// SnapshotContent is what the parts of a snapshot hold together, as JSON, gzipped.
type SnapshotContent struct {
	// State is the ledger in its canonical form.
	State json.RawMessage `json:"state"`
	// Early are records below the offsets with sequences behind those in the state: they
	// waited for one that had not come.
	Early []Decision `json:"early,omitempty"`
}
