//go:build !unix

package app

import "errors"

// Slot is the name of a process among those of its role.
type Slot struct{ Name string }

// TakeSlot fails where there are no file locks that end with their process.
func TakeSlot(_, _, _ string) (*Slot, error) {
	return nil, errors.New("give --slot a name that is unique among the routers")
}

// Release does nothing.
func (s *Slot) Release() {}
