package audit

import (
	"time"

	"leadrouter/pkg/kstream"
)

// Repacked is a snapshot as it is written and read again.
func (s Snapshot) Repacked() (Snapshot, error) {
	packed, err := s.pack()
	if err != nil {
		return s, err
	}
	read := Snapshot{Snapshot: s.Snapshot}
	return read, read.unpack(packed)
}

// Records are those that a snapshot is written as.
func (s Snapshot) Records(instance string, at time.Time) ([]*kstream.Record, error) {
	packed, err := s.pack()
	if err != nil {
		return nil, err
	}
	return NewSnapshots(kstream.Client{}, instance).records(s, packed, nil, at)
}
