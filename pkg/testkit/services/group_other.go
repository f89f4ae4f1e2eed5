//go:build unix && !linux

package services

import "syscall"

// ownGroup puts a server into its own process group, so that a terminal's Ctrl-C
// leaves it to us. Only Linux can tie its life to ours.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
