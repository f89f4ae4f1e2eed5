//go:build unix

package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// maxSlots bounds the processes of one role on one host.
const maxSlots = 256

// Slot is a name that no other running process of this host has and that a
// restarted one gets again: the host's name and the lowest free number. A file
// lock holds it, which the system releases however the process ends; so a
// process that was killed frees the transaction it left open as soon as it is
// back.
type Slot struct {
	Name string
	lock *os.File
}

// TakeSlot takes a slot for a role of an instance. Lock files stand in dir.
func TakeSlot(dir, instance, role string) (*Slot, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("take a slot: %w", err)
	}
	for n := range maxSlots {
		path := filepath.Join(dir, fmt.Sprintf("leadrouter-%s-%s-%d.lock", instance, role, n))
		file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the path is ours
		if err != nil {
			return nil, fmt.Errorf("take a slot: %w; give --slot a name that is unique among the routers", err)
		}
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return &Slot{Name: host + "-" + strconv.Itoa(n), lock: file}, nil
		}
		_ = file.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("take a slot: %w", err)
		}
	}
	return nil, fmt.Errorf("take a slot: all %d of this host are taken", maxSlots)
}

// Release frees the slot.
func (s *Slot) Release() {
	if s.lock != nil {
		_ = s.lock.Close()
	}
}
