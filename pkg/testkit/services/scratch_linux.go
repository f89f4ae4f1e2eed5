package services

import "syscall"

const (
	memory    = "/dev/shm"
	tmpfs     = 0x01021994 // statfs(2)
	memoryMin = 4 << 30
)

// scratch is the folder of data that goes with its server: one in memory where there is enough
// of it, so that no test waits for a disk (Kafka syncs some files for each partition of a new
// topic), and none fails for want of one. "" is that of the system.
func scratch() string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err != nil || fs.Type != tmpfs || fs.Bavail*uint64(fs.Bsize) < memoryMin { //nolint:unconvert // sizes, whose types differ by architecture
		return ""
	}
	return memory
}
