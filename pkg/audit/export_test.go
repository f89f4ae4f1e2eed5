package audit

// Repacked is a snapshot as it is written and read again.
func (s Snapshot) Repacked() (Snapshot, error) {
	packed, err := s.pack()
	if err != nil {
		return s, err
	}
	read := Snapshot{Snapshot: s.Snapshot}
	return read, read.unpack(packed)
}
